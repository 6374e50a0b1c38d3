"""Writes fixtures/golden/simclr_*steps.*: 20 steps of SimCLR in PyTorch, from hashed weights on hashed batches.

All views go through the network in one pass. With two views the loss is the paper's NT-Xent, written as algorithm 1 has
it; with three, StableRep's cross entropy of all positives, its terms weighted as in GenView++.

simclr_clip_steps is the recipe that the embedded generator's image encoder is trained by, in its full size: what
configs/generator_image_encoder.json has of network, projector, temperature, learning rate, weight decay and norm of gradients, on
open_clip's VisionTransformer. Its batch and its run are shorter, and AdamW's epsilon is 1e-4: the gradients of the keys' biases, and
of the last normalisation's in front of the projector's batch norm, are zero but for rounding, by which Adam with its default would
move them.
"""

import json
import sys

import open_clip
import torch
import torch.nn.functional as F
from torch import nn

from training_steps import (
    FOLDER,
    SETUP,
    Run,
    WeightsOfPair,
    clip_tower,
    hash_parameters,
    perceptron,
    small_resnet,
    train_steps,
    write_golden,
)

RESNET = {
    **SETUP,
    "hiddenWidth": 64,
    "width": 32,
    "temperature": 0.5,
    "learningRate": 0.01,
    "momentum": 0.9,
    "weightDecay": 1e-4,
}
THREE = {**RESNET, "sizes": [16, 16, 16]}
RECIPE = json.loads((FOLDER.parents[1] / "configs" / "generator_image_encoder.json").read_text())
CLIP = {
    **SETUP,
    "batchSize": 8,
    "sizes": [view["size"] for view in RECIPE["views"]],
    "cell": 8,
    # Such that some steps are clipped and some are not.
    "batches": 20,
    "noise": 0.5,
    "epochs": 5,
    # An epoch, as the recipe has it.
    "warmUpSteps": 4,
    "startFactor": 1e-4,
    "epsilon": 1e-4,
    **RECIPE["options"],
    **{name: RECIPE[name] for name in ("backbone", "learningRate", "weightDecay", "clipGradientNorm")},
    # Numbers of the backbone of that name.
    "patch": 8,
    "tokens": 128,
    "layers": 4,
    "heads": 4,
}


class SimClr(nn.Module):
    def __init__(self, setup: dict) -> None:
        super().__init__()
        layers = [{"width": setup["hiddenWidth"]}, {"width": setup["width"], "relu": False}]
        if "patch" in setup:
            width = setup["tokens"]
            self.backbone = clip_tower(setup["sizes"][0], setup["patch"], width, setup["layers"], setup["heads"])
            self.projector = perceptron(2 * width, layers)
        else:
            self.backbone = small_resnet()
            self.projector = perceptron(64, layers)
        hash_parameters(self)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Of a tower, the class token and the mean of the patches' tokens."""
        found = self.backbone(images)
        return torch.cat([found[0], found[1].mean(1)], dim=1) if isinstance(found, tuple) else found

    def forward(self, views: list[torch.Tensor]) -> torch.Tensor:
        return F.normalize(self.projector(self.features(torch.cat(views))), dim=1)


def nt_xent(setup: dict, z: torch.Tensor, weights: WeightsOfPair) -> torch.Tensor:
    """Chen et al. 2020, algorithm 1: l(i, j) for both orders of each pair, over 2N."""
    count = len(z) // 2
    similarities = z @ z.T / setup["temperature"]
    total = 0
    for i in range(2 * count):
        j = (i + count) % (2 * count)
        others = torch.cat([similarities[i, :i], similarities[i, i + 1:]])
        total = total + weights(0, 1)[i % count] * (others.logsumexp(0) - similarities[i, j])
    return total / (2 * count)


def stable_rep(setup: dict, z: torch.Tensor, weights: WeightsOfPair) -> torch.Tensor:
    """Tian et al. 2023, equations 1 to 3, each term times the weight of its pair."""
    views, count = len(setup["sizes"]), setup["batchSize"]
    similarities = z @ z.T / setup["temperature"] - 1e9 * torch.eye(len(z), dtype=z.dtype)
    shares = torch.zeros_like(similarities)
    for u in range(views):
        for v in range(views):
            if u != v:
                block = torch.diag(weights(u, v)) / (views - 1)
                shares[u * count:(u + 1) * count, v * count:(v + 1) * count] = block
    return -(shares * similarities.log_softmax(1)).sum(1).mean()


def optimizer_of(setup: dict, network: nn.Module) -> torch.optim.Optimizer:
    given = {"lr": 0.0, "weight_decay": setup["weightDecay"]}
    if "epsilon" in setup:
        return torch.optim.AdamW(network.parameters(), eps=setup["epsilon"], **given)
    return torch.optim.SGD(network.parameters(), momentum=setup["momentum"], **given)


def training(setup: dict, loss):
    def train(dtype: torch.dtype, weighted: bool) -> Run:
        network = SimClr(setup).to(dtype)

        def loss_of(_step, views, weights):
            z = network(views)
            return loss(setup, z, weights), z[:setup["batchSize"]]

        return train_steps(setup, network, optimizer_of(setup, network), weighted, loss_of)

    return train


if __name__ == "__main__":
    CASES = {
        "simclr_steps": (RESNET, nt_xent, "on a small ResNet"),
        "simclr_positives_steps": (THREE, stable_rep, "with three views, all positives in one softmax, on a small ResNet"),
        "simclr_clip_steps": (CLIP, nt_xent, "by the recipe of the embedded generator's image encoder, on open_clip's VisionTransformer,"),
    }
    for name, (setup, loss, what) in CASES.items():
        if name not in (sys.argv[1:] or CASES):
            continue
        clip = setup is CLIP
        write_golden(
            name,
            "simclr_steps.py",
            f"20 steps of SimCLR {what} in float64, without weights of pairs and with: losses, spreads, "
            f"{'norms of gradients, ' if clip else ''}final state.",
            setup,
            training(setup, loss),
            {"open_clip": open_clip.__version__} if clip else None,
        )
