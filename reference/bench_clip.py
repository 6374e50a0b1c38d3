"""Peer of bench/clip.ts: tokens and embeddings of JPEG files by open_clip on PyTorch and Pillow.

Reads lines from standard input, each a batch: decodes, resizes and normalises every image named on the command line and
encodes them. Answers with the seconds that took on the clock and of the processor, the process's peak memory in bytes
and the embeddings' mean absolute value.

python reference/bench_clip.py MODEL WEIGHTS THREADS a.jpg b.jpg ...
"""

import logging
import sys
import time

import open_clip
import torch
from PIL import Image
from safetensors import safe_open

PREFIX = "visual."


def peak_bytes() -> int:
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return 1024 * int(line.split()[1])


def tower(name: str, path: str) -> torch.nn.Module:
    """The image tower over the file's own memory: built without memory where its code permits, never with the text's."""
    if name.startswith("ViT"):
        with torch.device("meta"):
            network = open_clip.CLIP(**open_clip.get_model_config(name)).visual
    else:
        network = open_clip.create_model(name).visual
    with safe_open(path, framework="pt") as file:
        state = {key.removeprefix(PREFIX): file.get_tensor(key).float() for key in file.keys()}
    network.load_state_dict(state, assign=True)
    return network.eval()


def encode(network: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
    if hasattr(network, "trunk"):
        maps = network.trunk.forward_features(images)
        maps.flatten(2).mT.contiguous()
        return network.head(network.trunk.forward_head(maps))
    network.output_tokens = True
    return network(images)[0]


def main() -> None:
    name, weights, threads, *paths = sys.argv[1:]
    logging.disable()
    torch.set_num_threads(int(threads))
    network = tower(name, weights)
    transform = open_clip.image_transform(224, is_train=False)
    with torch.inference_mode():
        for _ in sys.stdin:
            began, busy = time.perf_counter(), time.process_time()
            batch = []
            for path in paths:
                with open(path, "rb") as file:
                    batch.append(transform(Image.open(file).convert("RGB")))
            pooled = encode(network, torch.stack(batch))
            seconds = time.perf_counter() - began, time.process_time() - busy
            print(*seconds, peak_bytes(), pooled.abs().mean().item(), flush=True)


if __name__ == "__main__":
    main()
