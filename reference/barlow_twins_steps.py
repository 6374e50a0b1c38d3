"""Writes fixtures/golden/barlow_twins_steps.*: 20 steps of Barlow Twins in PyTorch, from hashed weights on hashed batches.

Two global views and a local one, which is compared with both; the authors' LARS, which leaves vectors alone, and their
slower rate of biases and batch norms. Weights are masses of pairs in the correlations, those of each pair of views its
own.
"""

import torch
from torch import nn

from losses import off_diagonal, weighted_standard
from optimizers import Lars
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
    "sizes": [16, 16, 8],
    "projectorWidth": 48,
    "projectorLayers": 2,
    "redundancyWeight": 0.02,
    "scale": 0.1,
    "learningRate": 1.0,
    "vectorRateScale": 0.024,
    "momentum": 0.9,
    "weightDecay": 1e-3,
}

# Every pair of a global view and another.
PAIRS = ((0, 1), (0, 2), (1, 2))


class BarlowTwins(nn.Module):
    """Zbontar et al. 2021, algorithm 1, over every pair of a global view and another."""

    def __init__(self) -> None:
        super().__init__()
        width = SETUP["projectorWidth"]
        self.backbone = small_resnet()
        self.projector = perceptron(64, [{"width": width}, {"width": width, "norm": None, "relu": False}])
        hash_parameters(self)

    def forward(
        self, views: list[torch.Tensor], weights: dict[tuple[int, int], torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss, and the first view's embeddings."""
        embeddings = [self.projector(self.backbone(view)) for view in views]
        losses = []
        for a, b in PAIRS:
            mass = weights[a, b]
            first, second = (weighted_standard(embeddings[view], mass) for view in (a, b))
            matrix = first.T @ ((mass / mass.sum())[:, None] * second)
            redundancy = off_diagonal(matrix).pow(2).sum()
            invariance = (matrix.diagonal() - 1).pow(2).sum()
            losses.append(mass.mean() * (invariance + SETUP["redundancyWeight"] * redundancy))
        return SETUP["scale"] * sum(losses) / len(losses), embeddings[0]


def train(dtype: torch.dtype, weighted: bool) -> Run:
    network = BarlowTwins().to(dtype).train()
    initial = snapshot(network)
    groups = [
        {"params": [value for value in network.parameters() if (value.ndim == 1) == vectors]}
        for vectors in (False, True)
    ]
    optimizer = Lars(groups, False, SETUP["momentum"])
    losses, spreads = [], []
    for step in range(SETUP["steps"]):
        rate = cosine(step, SETUP["steps"], SETUP["learningRate"], 0)
        for group, scale in zip(optimizer.param_groups, (1, SETUP["vectorRateScale"])):
            group["lr"], group["weight_decay"] = rate * scale, SETUP["weightDecay"]
        ones = torch.ones(SETUP["batchSize"], dtype=dtype)
        weights = {pair: weights_of(SETUP, step, *pair).to(dtype) if weighted else ones for pair in PAIRS}
        loss, embeddings = network([view.to(dtype) for view in views_of(SETUP, step)], weights)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        spreads.append(spread_of(embeddings))
    return Run(initial, snapshot(network), losses, spreads)


if __name__ == "__main__":
    write_golden(
        "barlow_twins_steps",
        "barlow_twins_steps.py",
        "20 steps of Barlow Twins on a small ResNet with views of two sizes in float64, without weights of pairs and with: "
        "losses, spreads, final state.",
        SETUP,
        train,
    )
