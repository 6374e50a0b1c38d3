"""Writes fixtures/golden/simsiam_steps.*: 20 steps of SimSiam in PyTorch, from hashed weights on hashed batches.

The network is torchvision's resnet18 with the small stem, a projector of two layers and a predictor as mmpretrain builds
them; the optimizer is torch.optim.SGD with a cosine learning rate, constant for the predictor. The golden is the run in
float64; the same run in float32 tells in the sidecar how far PyTorch itself strays from it.
"""

import json
import math
import platform
from collections import OrderedDict
from pathlib import Path

import numpy as np
import safetensors
import torch
import torch.nn.functional as F
import torchvision
from safetensors.torch import save_file
from torch import nn

from hashed_values import parameter, sampled_indices, uniform

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden" / "simsiam_steps"
STEPS = 20
BATCH = 16
SIZE = 16
PROJECTOR = 256
PREDICTOR = 64
LEARNING_RATE = 0.05
MOMENTUM = 0.9
WEIGHT_DECAY = 1e-4
SAMPLES = 1024
BATCHES = 2
CELL = 4
CONTRAST = 1.5
NOISE = 0.5


def resnet18_small() -> nn.Module:
    network = torchvision.models.resnet18(weights=None)
    network.conv1 = nn.Conv2d(3, 64, 3, stride=1, padding=1, bias=False)
    network.maxpool = nn.Identity()
    network.fc = nn.Identity()
    return network


class SimSiam(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = resnet18_small()
        self.projector = nn.Sequential(OrderedDict(
            fc0=nn.Linear(512, PROJECTOR, bias=False),
            bn0=nn.BatchNorm1d(PROJECTOR),
            relu0=nn.ReLU(),
            fc1=nn.Linear(PROJECTOR, PROJECTOR, bias=False),
            bn1=nn.BatchNorm1d(PROJECTOR, affine=False),
        ))
        self.predictor = nn.Sequential(OrderedDict(
            fc0=nn.Linear(PROJECTOR, PREDICTOR, bias=False),
            bn0=nn.BatchNorm1d(PREDICTOR),
            relu0=nn.ReLU(),
            fc1=nn.Linear(PREDICTOR, PROJECTOR),
        ))

    def forward(self, views: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss, and the spread of the first view's embeddings."""
        z1, z2 = (self.projector(self.backbone(view)) for view in views)
        p1, p2 = self.predictor(z1), self.predictor(z2)
        loss = -(F.cosine_similarity(p1, z2.detach()).mean() + F.cosine_similarity(p2, z1.detach()).mean()) / 2
        return loss, F.normalize(z1.detach()).std(0, correction=0).mean()


def initial_values(network: nn.Module) -> dict[str, torch.Tensor]:
    """Hashed parameters and fresh statistics; the predictor's last linear is its first one's transpose.

    So the predictor maps z to something near z and the loss starts far from 0, where it can be compared relatively.
    """
    values = {
        name: value if "running" in name or "num_batches" in name else parameter(name, tuple(value.shape))
        for name, value in network.state_dict().items()
    }
    return values | {"predictor.fc1.weight": values["predictor.fc0.weight"].T}


def views_of(step: int) -> list[torch.Tensor]:
    """Two views of a batch: coarse images, of which there are BATCHES batches in turn, and noise of each view's own."""
    coarse = uniform(f"images/{step % BATCHES}", (BATCH, 3, SIZE // CELL, SIZE // CELL)).numpy()
    images = coarse.repeat(CELL, axis=2).repeat(CELL, axis=3)
    return [
        torch.from_numpy((CONTRAST * images + NOISE * uniform(f"steps/{step}/views.{i}", images.shape).numpy()).astype(np.float32))
        for i in range(2)
    ]


def train(dtype: torch.dtype) -> tuple[dict[str, torch.Tensor], list[float], list[float]]:
    network = SimSiam().train()
    network.load_state_dict(initial_values(network))
    network.to(dtype)
    optimizer = torch.optim.SGD(
        [
            {"params": [*network.backbone.parameters(), *network.projector.parameters()]},
            {"params": network.predictor.parameters()},
        ],
        lr=LEARNING_RATE,
        momentum=MOMENTUM,
        weight_decay=WEIGHT_DECAY,
    )
    cosine = lambda step: (1 + math.cos(math.pi * step / STEPS)) / 2
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, [cosine, lambda _: 1.0])
    losses, spreads = [], []
    for step in range(STEPS):
        loss, spread = network([view.to(dtype) for view in views_of(step)])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        spreads.append(spread.item())
    return network.state_dict(), losses, spreads
