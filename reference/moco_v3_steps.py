"""Writes fixtures/golden/moco_v3_*steps.*: 20 steps of MoCo v3 in PyTorch, from hashed weights on hashed batches.

With a ResNet: two layers of projector, a predictor that ends without batch norm, LARS as in facebookresearch/moco-v3. With a
ViT: timm's VisionTransformer with the authors' fixed positions and patch embedding, three layers of projector, a predictor
that ends with batch norm, AdamW that decays all that is trained. The momentum encoder's momentum rises to 1 by a cosine.

With crops of two sizes the small ones ask and have no keys. All positives of a query lie in one softmax, as in StableRep
(Tian et al. 2023, equations 1 to 3), or each pair of views is contrasted by itself.
"""

import sys

import torch
import torch.nn.functional as F
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from optimizers import Lars
from training_steps import (
    SETUP,
    Run,
    WeightsOfPair,
    copy_online,
    cosine,
    global_count,
    hash_parameters,
    perceptron,
    small_resnet,
    train_steps,
    write_golden,
)

COMMON = {**SETUP, "hiddenWidth": 96, "width": 48, "encoderMomentum": 0.9, "predictorLayers": 2}
RESNET = {
    **COMMON,
    "projectorLayers": 2,
    "predictorNorm": False,
    "temperature": 1.0,
    "learningRate": 0.01,
    "eta": 0.2,
    "momentum": 0.9,
    "weightDecay": 1e-2,
}
CROPS = {**RESNET, "sizes": [16, 16, 8, 8], "positives": "together"}
APART = {**CROPS, "positives": "apart"}
VIT = {
    **COMMON,
    "projectorLayers": 3,
    "predictorNorm": True,
    "temperature": 0.2,
    "learningRate": 1e-3,
    # Gradients that are zero but for rounding, such as those of the keys' biases, are to make no steps of a length of
    # their own, which with 1e-8 they do.
    "epsilon": 1e-5,
    "weightDecay": 0.1,
    "patch": 4,
    "tokens": 48,
    "depth": 2,
    "heads": 3,
}


def positions(rows: int, columns: int, width: int) -> torch.Tensor:
    """`[1, 1 + patches, width]` as in moco-v3's vits.py: a grid of columns and rows in this order, flattened."""
    column, row = torch.meshgrid(torch.arange(columns), torch.arange(rows), indexing="ij")
    frequencies = 10000.0 ** -(torch.arange(width // 4, dtype=torch.float64) / (width // 4))
    angles = [place.flatten()[:, None] * frequencies for place in (column, row)]
    table = torch.cat([part for angle in angles for part in (angle.sin(), angle.cos())], dim=1)
    return torch.cat([torch.zeros(1, width, dtype=torch.float64), table])[None]


def small_vit() -> nn.Module:
    size = VIT["sizes"][0]
    network = VisionTransformer(
        img_size=size, patch_size=VIT["patch"], embed_dim=VIT["tokens"], depth=VIT["depth"], num_heads=VIT["heads"],
        num_classes=0,
    )
    grid = size // VIT["patch"]
    network.pos_embed.data = positions(grid, grid, VIT["tokens"]).float()
    network.pos_embed.requires_grad = False
    for parameter in network.patch_embed.parameters():
        parameter.requires_grad = False
    return network


class MoCo(nn.Module):
    """Chen, Xie & He 2021, algorithm 1."""

    def __init__(self, setup: dict) -> None:
        super().__init__()
        self.temperature = setup["temperature"]
        build, features = (small_vit, VIT["tokens"]) if "patch" in setup else (small_resnet, 64)
        hidden = [{"width": setup["hiddenWidth"]}] * (setup["projectorLayers"] - 1)
        last = {"width": setup["width"], "norm": "plain", "relu": False}
        project = lambda: perceptron(features, [*hidden, last])
        self.backbone, self.projector = build(), project()
        end = last if setup["predictorNorm"] else {**last, "norm": None}
        self.predictor = perceptron(setup["width"], [{"width": setup["hiddenWidth"]}, end])
        fixed = {name: value.clone() for name, value in self.named_parameters() if not value.requires_grad}
        hash_parameters(self)
        with torch.no_grad():
            # Patches by their hashed values, too, but positions as they are.
            if "backbone.pos_embed" in fixed:
                self.backbone.pos_embed.copy_(fixed["backbone.pos_embed"])
        self.momentum_encoder = nn.ModuleDict({"backbone": build(), "projector": project()})
        copy_online(self)

    def query(self, view: torch.Tensor) -> torch.Tensor:
        return F.normalize(self.predictor(self.projector(self.backbone(view))), dim=1)

    @torch.no_grad()
    def key(self, view: torch.Tensor) -> torch.Tensor:
        return F.normalize(self.momentum_encoder["projector"](self.momentum_encoder["backbone"](view)), dim=1)

    def together(self, queries: list[torch.Tensor], keys: list[torch.Tensor], weights: WeightsOfPair) -> torch.Tensor:
        """The mean over queries and their positives, each of which has the same share in its query's target."""
        total, pairs = 0, 0
        for u, q in enumerate(queries):
            others = [v for v in range(len(keys)) if v != u]
            logits = q @ torch.cat([keys[v] for v in others]).T / self.temperature
            shares = torch.cat([torch.diag(weights(u, v)) for v in others], dim=1)
            total = total - (shares * logits.log_softmax(1)).sum(1).mean()
            pairs += len(others)
        return 4 * self.temperature * total / pairs

    def apart(self, queries: list[torch.Tensor], keys: list[torch.Tensor], weights: WeightsOfPair) -> torch.Tensor:
        terms = [
            (weights(u, v) * F.cross_entropy(q @ k.T / self.temperature, torch.arange(len(q)), reduction="none")).mean()
            for v, k in enumerate(keys) for u, q in enumerate(queries) if u != v
        ]
        return 4 * self.temperature * sum(terms) / len(terms)


def training(setup: dict):
    def train(dtype: torch.dtype, weighted: bool) -> Run:
        network = MoCo(setup).to(dtype)
        parameters = [value for value in network.parameters() if value.requires_grad]
        if "patch" in setup:
            optimizer = torch.optim.AdamW(parameters, lr=0.0, weight_decay=setup["weightDecay"], eps=setup["epsilon"])
        else:
            groups = [{"params": parameters, "weight_decay": setup["weightDecay"]}]
            optimizer = Lars(groups, rate_inside=False, momentum=setup["momentum"], eta=setup["eta"])

        def loss_of(_step, views, weights):
            queries = [network.query(view) for view in views]
            keys = [network.key(view) for view in views[:global_count(setup)]]
            contrast = network.together if setup.get("positives") == "together" else network.apart
            return contrast(queries, keys, weights), queries[0]

        return train_steps(
            setup, network, optimizer, weighted, loss_of,
            momentum=lambda step: cosine(step, setup["steps"], setup["encoderMomentum"], 1),
        )

    return train


if __name__ == "__main__":
    titles = {
        "resnet": "ResNet",
        "vit": "ViT",
        "crops": "ResNet with crops of two sizes, all positives in one softmax,",
        "apart": "ResNet with crops of two sizes, each pair of views by itself,",
    }
    for name, setup in {"resnet": RESNET, "vit": VIT, "crops": CROPS, "apart": APART}.items():
        if name not in (sys.argv[1:] or titles):
            continue
        write_golden(
            f"moco_v3_{name}_steps",
            "moco_v3_steps.py",
            f"20 steps of MoCo v3 on a small {titles[name]} in float64, without weights of pairs and with: losses, spreads, "
            "final state.",
            setup,
            training(setup),
        )
