"""Writes fixtures/golden/dino_steps.*: 20 steps of DINO in PyTorch, from hashed weights on hashed batches.

Two crops of 16 pixels, which the teacher sees, and two of 8; a projector with GELU and torch's weight normalisation in the
last layer, with a scale that learns, whose parameters have no gradient in the first epoch; AdamW whose weight decay rises
along a cosine and leaves out biases and batch norms; a teacher's temperature that rises epoch by epoch along a line; the
gradient of each parameter clipped by itself. The teacher's momentum is that of the step that comes next, as in BYOL and
MoCo v3.
"""

import warnings
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn

from training_steps import (
    SETUP,
    Run,
    copy_online,
    cosine,
    follow_online,
    hash_parameters,
    small_resnet,
    snapshot,
    views_of,
    weights_of,
    write_golden,
)

SETUP = {
    **SETUP,
    "sizes": [16, 16, 8, 8],
    "epochs": 4,
    "outputs": 48,
    "hiddenWidth": 64,
    "width": 16,
    "studentTemperature": 0.1,
    "teacherTemperatures": [0.04, 0.07],
    "warmTemperatureEpochs": 3,
    "centerMomentum": 0.9,
    "freezeEpochs": 1,
    "encoderMomentum": 0.9,
    "learningRate": 2e-3,
    "minimumLearningRate": 1e-4,
    "weightDecays": [0.04, 0.4],
    # Large beside the rounding of gradients, of which Adam sees the sign alone where they are small.
    "epsilon": 1e-4,
    "clipGradientNorm": 0.3,
}


def last_layer() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        layer = nn.utils.weight_norm(nn.Linear(SETUP["width"], SETUP["outputs"], bias=False))
    return nn.Sequential(OrderedDict(fc0=layer))


def projector() -> nn.Module:
    hidden, width = SETUP["hiddenWidth"], SETUP["width"]
    return nn.Sequential(OrderedDict(
        fc0=nn.Linear(64, hidden),
        gelu0=nn.GELU(),
        fc1=nn.Linear(hidden, hidden),
        gelu1=nn.GELU(),
        fc2=nn.Linear(hidden, width),
    ))


class Dino(nn.Module):
    """Caron et al. 2021, algorithm 1, with the multi-crop of section 3.1."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone, self.projector, self.last_layer = small_resnet(), projector(), last_layer()
        hash_parameters(self)
        nn.init.ones_(self.last_layer.fc0.weight_g)
        self.momentum_encoder = nn.ModuleDict(
            {"backbone": small_resnet(), "projector": projector(), "last_layer": last_layer()}
        )
        copy_online(self)
        self.register_buffer("center", torch.zeros(SETUP["outputs"]))

    def forward(self, crops: list[torch.Tensor], weights: torch.Tensor, temperature: float) -> torch.Tensor:
        large, small = torch.cat(crops[:2]), torch.cat(crops[2:])
        features = torch.cat([self.backbone(large), self.backbone(small)])
        scores = self.last_layer(F.normalize(self.projector(features), dim=1)).chunk(len(crops))
        with torch.no_grad():
            teacher = self.momentum_encoder
            seen = teacher["last_layer"](F.normalize(teacher["projector"](teacher["backbone"](large)), dim=1))
            targets = F.softmax((seen - self.center) / temperature, dim=1).chunk(2)
            self.center.mul_(SETUP["centerMomentum"]).add_(seen.mean(0), alpha=1 - SETUP["centerMomentum"])
        terms = [
            -(weights * (target * F.log_softmax(own / SETUP["studentTemperature"], dim=1)).sum(1)).mean()
            for a, target in enumerate(targets) for v, own in enumerate(scores) if v != a
        ]
        return sum(terms) / len(terms)


def temperature_of(epoch: int) -> float:
    first, last = SETUP["teacherTemperatures"]
    return torch.linspace(first, last, SETUP["warmTemperatureEpochs"], dtype=torch.float64).tolist()[
        min(epoch, SETUP["warmTemperatureEpochs"] - 1)
    ]


def train(dtype: torch.dtype, weighted: bool) -> Run:
    network = Dino().to(dtype).train()
    initial = snapshot(network)
    trained = [value for value in network.parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(
        [
            {"params": [value for value in trained if value.ndim > 1]},
            {"params": [value for value in trained if value.ndim == 1], "weight_decay": 0.0},
        ],
        eps=SETUP["epsilon"],
    )
    losses = []
    for step in range(SETUP["steps"]):
        epoch = step * SETUP["epochs"] // SETUP["steps"]
        for group in optimizer.param_groups:
            group["lr"] = cosine(step, SETUP["steps"], SETUP["learningRate"], SETUP["minimumLearningRate"])
        optimizer.param_groups[0]["weight_decay"] = cosine(step, SETUP["steps"], *SETUP["weightDecays"])
        weights = weights_of(SETUP, step).to(dtype) if weighted else torch.ones(SETUP["batchSize"], dtype=dtype)
        loss = network([view.to(dtype) for view in views_of(SETUP, step)], weights, temperature_of(epoch))
        optimizer.zero_grad()
        loss.backward()
        for value in trained:
            nn.utils.clip_grad_norm_(value, SETUP["clipGradientNorm"])
        if epoch < SETUP["freezeEpochs"]:
            for value in network.last_layer.parameters():
                value.grad = None
        optimizer.step()
        follow_online(network, cosine(step + 1, SETUP["steps"], SETUP["encoderMomentum"], 1))
        losses.append(loss.item())
    return Run(initial, snapshot(network), losses)


if __name__ == "__main__":
    write_golden(
        "dino_steps",
        "dino_steps.py",
        "20 steps of DINO on a small ResNet with crops of two sizes in float64, without weights of pairs and with: losses, "
        "final state, centre.",
        SETUP,
        train,
    )
