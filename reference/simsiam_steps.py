"""Writes fixtures/golden/simsiam_steps.*: 20 steps of SimSiam in PyTorch, from hashed weights on hashed batches.

A projector of two layers and a predictor as mmpretrain builds them; torch.optim.SGD with a cosine learning rate, constant
for the predictor. The predictor's second linear starts as the first one's transpose, which takes an embedding to
something near it, so that the loss does not start at zero.
"""

import torch
import torch.nn.functional as F
from torch import nn

from training_steps import (
    SETUP,
    Run,
    cosine,
    hash_parameters,
    perceptron,
    small_resnet,
    snapshot,
    spread_of,
    views_of,
    weights_of,
    write_golden,
)

SETUP = {
    **SETUP,
    "projectorWidth": 128,
    "projectorLayers": 2,
    "predictorWidth": 32,
    "learningRate": 0.0125,
    "momentum": 0.9,
    "weightDecay": 1e-4,
}


class SimSiam(nn.Module):
    """Chen & He 2021, algorithm 1."""

    def __init__(self, width: int, bottleneck: int) -> None:
        super().__init__()
        self.backbone = small_resnet()
        self.projector = perceptron(64, [{"width": width}, {"width": width, "norm": "plain", "relu": False}])
        self.predictor = perceptron(
            width, [{"width": bottleneck}, {"width": width, "bias": True, "norm": None, "relu": False}]
        )
        hash_parameters(self)
        with torch.no_grad():
            self.predictor.fc1.weight.copy_(self.predictor.fc0.weight.T)

    def forward(self, views: list[torch.Tensor], weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss, and the first view's embeddings."""
        z1, z2 = (self.projector(self.backbone(view)) for view in views)
        p1, p2 = self.predictor(z1), self.predictor(z2)
        similarity = F.cosine_similarity(p1, z2.detach()) + F.cosine_similarity(p2, z1.detach())
        return -(weights * similarity).mean() / 2, z1


def train(dtype: torch.dtype, weighted: bool) -> Run:
    network = SimSiam(SETUP["projectorWidth"], SETUP["predictorWidth"]).to(dtype).train()
    initial = snapshot(network)
    optimizer = torch.optim.SGD(
        [
            {"params": [*network.backbone.parameters(), *network.projector.parameters()]},
            {"params": network.predictor.parameters()},
        ],
        lr=SETUP["learningRate"],
        momentum=SETUP["momentum"],
        weight_decay=SETUP["weightDecay"],
    )
    losses, spreads = [], []
    for step in range(SETUP["steps"]):
        optimizer.param_groups[0]["lr"] = cosine(step, SETUP["steps"], SETUP["learningRate"], 0)
        weights = weights_of(SETUP, step).to(dtype) if weighted else torch.ones(SETUP["batchSize"], dtype=dtype)
        loss, embeddings = network([view.to(dtype) for view in views_of(SETUP, step)], weights)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        spreads.append(spread_of(embeddings))
    return Run(initial, snapshot(network), losses, spreads)


if __name__ == "__main__":
    write_golden(
        "simsiam_steps",
        "simsiam_steps.py",
        "20 steps of SimSiam on a small ResNet in float64, without weights of pairs and with: losses, spreads, final state.",
        SETUP,
        train,
    )
