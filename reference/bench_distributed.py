"""Peer of bench/distributed.ts: steps of torchvision's ResNet-18 under torch.distributed's DistributedDataParallel with gloo.

Starts its processes, each with one thread, and prints a line of JSON: the seconds of its quickest step, and how much
quicker one without communication is (no_sync), bytes on the loopback device per step, and the loss of the first step.

python reference/bench_distributed.py RANKS BATCH SIZE STEPS
"""

import json
import os
import sys
import tempfile
import time

import torch
import torch.distributed as dist
import torchvision
from torch.nn.parallel import DistributedDataParallel

from hashed_values import load, uniform

WARM_UP = 2


def loopback_bytes() -> int:
    with open("/proc/net/dev") as devices:
        line = next(line for line in devices if line.strip().startswith("lo:"))
    return int(line.split()[9])


def work(rank: int, ranks: int, batch: int, size: int, steps: int, store: str) -> None:
    torch.set_num_threads(1)
    if ranks > 1:
        dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=ranks)
    network = torchvision.models.resnet18()
    network.conv1 = torch.nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    network.maxpool = torch.nn.Identity()
    load(network)
    network.train()
    model = DistributedDataParallel(network) if ranks > 1 else network
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    images = uniform(f"images {rank}", (batch, 3, size, size)).float()
    labels = ((uniform("labels", (batch,)) + 1) / 2 * 1000).floor().long()

    def step() -> torch.Tensor:
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.detach()

    def timed() -> float:
        if ranks > 1:
            dist.barrier()
        began = time.perf_counter()
        step()
        return time.perf_counter() - began

    first = step()
    if ranks > 1:
        dist.all_reduce(first)
    for _ in range(WARM_UP - 1):
        step()
    before = loopback_bytes()
    seconds = [timed() for _ in range(steps)]
    sent = (loopback_bytes() - before) / steps
    alone = seconds
    if ranks > 1:
        with model.no_sync():
            alone = [timed() for _ in range(steps)]
    if rank == 0:
        both = min(seconds), min(alone)
        print(json.dumps({
            "seconds": both[0], "communication": max(0.0, both[0] - both[1]), "loopback": sent,
            "handed": 4 * sum(parameter.numel() for parameter in model.parameters()) if ranks > 1 else 0,
            "loss": first.item() / ranks,
        }))
    if ranks > 1:
        dist.barrier()
        dist.destroy_process_group()


def main() -> None:
    ranks, batch, size, steps = (int(argument) for argument in sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, "store")
        torch.multiprocessing.spawn(work, (ranks, batch, size, steps, store), nprocs=ranks)


if __name__ == "__main__":
    main()
