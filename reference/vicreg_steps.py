"""Writes fixtures/golden/vicreg_steps.*: 20 steps of VICReg in PyTorch, from hashed weights on hashed batches.

Two global views and a local one, which is compared with both; the authors' LARS, which leaves vectors alone. Weights
multiply the invariance of their pairs, those of each pair of views its own; variance and covariance are of views and not of pairs.
"""

import torch
import torch.nn.functional as F
from torch import nn

from losses import off_diagonal
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
    "expanderWidth": 48,
    "expanderLayers": 2,
    "invarianceWeight": 25.0,
    "varianceWeight": 20.0,
    "covarianceWeight": 2.0,
    "learningRate": 0.25,
    # Vectors have no LARS to shorten their steps, which would be long under a loss of this size.
    "vectorRateScale": 0.002,
    "momentum": 0.9,
    "weightDecay": 1e-3,
}

# Every pair of a global view and another.
PAIRS = ((0, 1), (0, 2), (1, 2))
Weights = dict[tuple[int, int], torch.Tensor]


class VicReg(nn.Module):
    """Bardes et al. 2022, algorithm 1, over every pair of a global view and another."""

    def __init__(self) -> None:
        super().__init__()
        width = SETUP["expanderWidth"]
        self.backbone = small_resnet()
        self.expander = perceptron(64, [{"width": width, "bias": True}, {"width": width, "norm": None, "relu": False}])
        hash_parameters(self)

    def forward(
        self, views: list[torch.Tensor], weights: Weights
    ) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
        """The loss, the first view's embeddings, and the terms of the loss."""
        z = [self.expander(self.backbone(view)) for view in views]
        terms = {
            "invariance": sum((weights[a, b] * (z[a] - z[b]).pow(2).mean(1)).mean() for a, b in PAIRS) / len(PAIRS),
            "variance": sum(F.relu(1 - torch.sqrt(own.var(dim=0) + 1e-4)).mean() for own in z) / len(z),
            # The sum over the two views of a pair.
            "covariance": 2 * sum(off_diagonal(torch.cov(own.T)).pow(2).sum() / own.shape[1] for own in z) / len(z),
        }
        return sum(SETUP[f"{name}Weight"] * term for name, term in terms.items()), z[0], terms


def train(dtype: torch.dtype, weighted: bool) -> Run:
    network = VicReg().to(dtype).train()
    initial = snapshot(network)
    groups = [
        {"params": [value for value in network.parameters() if (value.ndim == 1) == vectors]}
        for vectors in (False, True)
    ]
    optimizer = Lars(groups, False, SETUP["momentum"])
    losses, spreads, series = [], [], {"invariance": [], "variance": [], "covariance": []}
    for step in range(SETUP["steps"]):
        rate = cosine(step, SETUP["steps"], SETUP["learningRate"], 0)
        for group, scale in zip(optimizer.param_groups, (1, SETUP["vectorRateScale"])):
            group["lr"], group["weight_decay"] = rate * scale, SETUP["weightDecay"]
        ones = torch.ones(SETUP["batchSize"], dtype=dtype)
        weights = {pair: weights_of(SETUP, step, *pair).to(dtype) if weighted else ones for pair in PAIRS}
        loss, embeddings, terms = network([view.to(dtype) for view in views_of(SETUP, step)], weights)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        spreads.append(spread_of(embeddings))
        for name, term in terms.items():
            series[name].append(term.item())
    return Run(initial, snapshot(network), losses, spreads, series)


if __name__ == "__main__":
    write_golden(
        "vicreg_steps",
        "vicreg_steps.py",
        "20 steps of VICReg on a small ResNet with views of two sizes in float64, without weights of pairs and with: "
        "losses, their terms, spreads, final state.",
        SETUP,
        train,
    )
