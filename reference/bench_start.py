"""Peer of bench/start.ts: a process that imports PyTorch, reads a batch of photographs, draws two views of each and takes
the first step of SimSiam on torchvision's ResNet-50.

Prints, as JSON, after how many seconds it came to what, and how many seconds of the processor it took by then.

python reference/bench_start.py FOLDER THREADS
"""

import time

BEGAN = time.perf_counter()


def now() -> tuple[float, float]:
    return time.perf_counter() - BEGAN, time.process_time()


import json
import sys
from pathlib import Path

import torch
import torchvision
from PIL import Image
from torch import nn
from torch.nn.functional import cosine_similarity

from bench_views import VIEW


def block(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU(inplace=True)]


def main() -> None:
    folder, threads = sys.argv[1:]
    milestones = {"modules are loaded": now()}
    torch.set_num_threads(int(threads))
    backbone = torchvision.models.resnet50(zero_init_residual=True)
    backbone.fc = nn.Identity()
    projector = nn.Sequential(
        *block(2048, 2048),
        *block(2048, 2048),
        nn.Linear(2048, 2048, bias=False),
        nn.BatchNorm1d(2048, affine=False),
    )
    predictor = nn.Sequential(*block(2048, 512), nn.Linear(512, 2048))
    network = nn.ModuleList([backbone, projector, predictor])
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
    milestones["the network is built"] = now()
    images = [Image.open(path).convert("RGB") for path in sorted(Path(folder).iterdir())]
    z = [projector(backbone(torch.stack([VIEW(image) for image in images]))) for _ in range(2)]
    p = [predictor(x) for x in z]
    loss = -(cosine_similarity(p[0], z[1].detach()).mean() + cosine_similarity(p[1], z[0].detach()).mean()) / 2
    loss.backward()
    optimizer.step()
    loss.item()
    milestones["the first step is done"] = now()
    print(json.dumps(milestones))


if __name__ == "__main__":
    main()
