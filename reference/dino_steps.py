"""Writes fixtures/golden/dino_{resnet,vit}_steps.*: 20 steps of DINO in PyTorch, from hashed weights on hashed batches.

Two crops of 16 pixels, which the teacher sees, and two of 8; a projector with GELU and torch's weight normalisation in the
last layer, whose parameters have no gradient in the first epoch; AdamW whose weight decay rises
along a cosine and leaves out biases and batch norms; a teacher's temperature that rises epoch by epoch along a line; the
gradient of each parameter clipped by itself. The teacher's momentum is that of the step that comes next, as in BYOL and
MoCo v3.

On the ResNet the last layer has a scale that learns, on the ViT it has none. The ViT is MoCo v3's, of which patches and
positions stay as they are: the teacher follows the rest, and small crops have resampled positions.
"""

import warnings
from collections import OrderedDict
from functools import partial

import torch
import torch.nn.functional as F
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from moco_v3_steps import positions
from training_steps import (
    SETUP,
    Run,
    copy_online,
    cosine,
    follow_online,
    hash_parameters,
    small_resnet,
    snapshot,
    spread_of,
    views_of,
    weights_of,
    write_golden,
)

RESNET = {
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
    "normalizeLastLayer": False,
}
VIT = {
    **RESNET,
    "normalizeLastLayer": True,
    "patch": 4,
    "tokens": 32,
    "depth": 2,
    "heads": 2,
}


def last_layer(setup: dict) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        layer = nn.utils.weight_norm(nn.Linear(setup["width"], setup["outputs"], bias=False))
    layer.weight_g.requires_grad_(not setup["normalizeLastLayer"])
    return nn.Sequential(OrderedDict(fc0=layer))


def projector(setup: dict) -> nn.Module:
    hidden, width = setup["hiddenWidth"], setup["width"]
    return nn.Sequential(OrderedDict(
        fc0=nn.Linear(setup.get("tokens", 64), hidden),
        gelu0=nn.GELU(),
        fc1=nn.Linear(hidden, hidden),
        gelu1=nn.GELU(),
        fc2=nn.Linear(hidden, width),
    ))


def small_vit(setup: dict) -> nn.Module:
    size, patch, width = setup["sizes"][0], setup["patch"], setup["tokens"]
    network = VisionTransformer(
        img_size=size, patch_size=patch, embed_dim=width, depth=setup["depth"], num_heads=setup["heads"],
        num_classes=0, dynamic_img_size=True,
    )
    network.pos_embed.data = positions(size // patch, size // patch, width).float()
    for parameter in (network.pos_embed, *network.patch_embed.parameters()):
        parameter.requires_grad = False
    return network


class Dino(nn.Module):
    """Caron et al. 2021, algorithm 1, with the multi-crop of section 3.1."""

    def __init__(self, setup: dict) -> None:
        super().__init__()
        self.setup = setup
        build = (lambda: small_vit(setup)) if "patch" in setup else small_resnet
        self.backbone, self.projector, self.last_layer = build(), projector(setup), last_layer(setup)
        places = self.backbone.pos_embed.clone() if "patch" in setup else None
        hash_parameters(self)
        with torch.no_grad():
            self.last_layer.fc0.weight_g.fill_(1)
            # Patches by their hashed values, too, but positions as they are.
            if places is not None:
                self.backbone.pos_embed.copy_(places)
        self.momentum_encoder = nn.ModuleDict(
            {"backbone": build(), "projector": projector(setup), "last_layer": last_layer(setup)}
        )
        copy_online(self)
        self.register_buffer("center", torch.zeros(setup["outputs"]))

    def forward(
        self, crops: list[torch.Tensor], weights: torch.Tensor, temperature: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss, and the first view's embeddings."""
        large, small = torch.cat(crops[:2]), torch.cat(crops[2:])
        features = torch.cat([self.backbone(large), self.backbone(small)])
        embeddings = self.projector(features)
        scores = self.last_layer(F.normalize(embeddings, dim=1)).chunk(len(crops))
        with torch.no_grad():
            teacher = self.momentum_encoder
            seen = teacher["last_layer"](F.normalize(teacher["projector"](teacher["backbone"](large)), dim=1))
            targets = F.softmax((seen - self.center) / temperature, dim=1).chunk(2)
            kept = self.setup["centerMomentum"]
            self.center.mul_(kept).add_(seen.mean(0), alpha=1 - kept)
        terms = [
            -(weights * (target * F.log_softmax(own / self.setup["studentTemperature"], dim=1)).sum(1)).mean()
            for a, target in enumerate(targets) for v, own in enumerate(scores) if v != a
        ]
        return sum(terms) / len(terms), embeddings.chunk(len(crops))[0]

    def state(self) -> dict[str, torch.Tensor]:
        """Without the scales of a last layer that has none: they are one."""
        without = self.setup["normalizeLastLayer"]
        return {name: value for name, value in snapshot(self).items() if not (without and name.endswith("weight_g"))}


def temperature_of(setup: dict, epoch: int) -> float:
    warm = setup["warmTemperatureEpochs"]
    return torch.linspace(*setup["teacherTemperatures"], warm, dtype=torch.float64).tolist()[min(epoch, warm - 1)]


def train(setup: dict, dtype: torch.dtype, weighted: bool) -> Run:
    network = Dino(setup).to(dtype).train()
    initial = network.state()
    steps = setup["steps"]
    trained = [value for value in network.parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(
        [
            {"params": [value for value in trained if value.ndim > 1]},
            {"params": [value for value in trained if value.ndim == 1], "weight_decay": 0.0},
        ],
        eps=setup["epsilon"],
    )
    losses, spreads = [], []
    for step in range(steps):
        epoch = step * setup["epochs"] // steps
        for group in optimizer.param_groups:
            group["lr"] = cosine(step, steps, setup["learningRate"], setup["minimumLearningRate"])
        optimizer.param_groups[0]["weight_decay"] = cosine(step, steps, *setup["weightDecays"])
        weights = weights_of(setup, step).to(dtype) if weighted else torch.ones(setup["batchSize"], dtype=dtype)
        views = [view.to(dtype) for view in views_of(setup, step)]
        loss, embeddings = network(views, weights, temperature_of(setup, epoch))
        optimizer.zero_grad()
        loss.backward()
        for value in trained:
            nn.utils.clip_grad_norm_(value, setup["clipGradientNorm"])
        if epoch < setup["freezeEpochs"]:
            for value in network.last_layer.parameters():
                value.grad = None
        optimizer.step()
        follow_online(network, cosine(step + 1, steps, setup["encoderMomentum"], 1))
        losses.append(loss.item())
        spreads.append(spread_of(embeddings))
    return Run(initial, network.state(), losses, spreads)


if __name__ == "__main__":
    for name, setup in {"resnet": RESNET, "vit": VIT}.items():
        write_golden(
            f"dino_{name}_steps",
            "dino_steps.py",
            f"20 steps of DINO on a small {'ResNet' if name == 'resnet' else 'ViT'} with crops of two sizes in float64, "
            "without weights of pairs and with: losses, spreads, final state, centre.",
            setup,
            partial(train, setup),
        )
