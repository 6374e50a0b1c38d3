"""Peer of bench/conv_peer.ts: convolutions and their gradients in PyTorch, as autograd calls them.

Reads lines of JSON from standard input: a convolution, the task (forward, by input or by weight) and the layout. Runs
it once and then `runs` times; answers with a line of JSON: the milliseconds of each of those runs, and the mean square
of the result.

python reference/bench_conv.py THREADS
"""

import json
import sys
import time
from collections.abc import Callable

import torch

from hashed_values import uniform

FORMATS = {"contiguous": torch.contiguous_format, "channels-last": torch.channels_last}


def build(task: str, layout: str, problem: dict) -> Callable[[], torch.Tensor]:
    def tensor(name: str) -> torch.Tensor:
        return uniform(name, tuple(problem[name])).float().contiguous(memory_format=FORMATS[layout])

    stride, pads, dilation, group = (problem[key] for key in ("strides", "pads", "dilations", "group"))
    before, after = pads[: len(pads) // 2], pads[len(pads) // 2 :]
    if before == after:
        enlarged, cut, padding = (lambda x: x), (lambda x: x), before
    else:
        # PyTorch's convolutions pad both ends alike.
        (top, left), (bottom, right), padding = before, after, [0, 0]
        height, width = problem["x"][2:]
        enlarged = lambda x: torch.nn.functional.pad(x, (left, right, top, bottom))
        cut = lambda x: x[:, :, top : top + height, left : left + width]
    # What is not the task's own is read for its shape alone.
    x, w, dy = tensor("x"), tensor("w"), tensor("dy")
    if task == "forward":
        return lambda: torch.conv2d(enlarged(x), w, None, stride, padding, dilation, group)

    def gradient(asked: list[bool]) -> torch.Tensor:
        return torch.ops.aten.convolution_backward(
            dy, enlarged(x), w, None, stride, padding, dilation, False, [0, 0], group, asked
        )[asked.index(True)]

    if task == "by input":
        return lambda: cut(gradient([True, False, False]))
    return lambda: gradient([False, True, False])


def main() -> None:
    torch.set_num_threads(int(sys.argv[1]))
    known: dict[str, Callable[[], torch.Tensor]] = {}
    for line in sys.stdin:
        question = json.loads(line)
        runs = question.pop("runs")
        key = json.dumps(question)
        if key not in known:
            # Those of the convolution before are asked for no more.
            if len(known) > 1:
                known.clear()
            known[key] = build(**question)
        run = known[key]
        result = run()
        times = []
        for _ in range(runs):
            began = time.perf_counter()
            run()
            times.append(1000 * (time.perf_counter() - began))
        print(json.dumps({"milliseconds": times, "meanSquare": result.double().square().mean().item()}), flush=True)


if __name__ == "__main__":
    main()
