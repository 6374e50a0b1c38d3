"""Writes fixtures/golden/simclr_*steps.*: 20 steps of SimCLR in PyTorch, from hashed weights on hashed batches.

All views go through the network in one pass. With two views the loss is the paper's NT-Xent, written as algorithm 1 has
it; with three, StableRep's cross entropy of all positives, its terms weighted as in GenView++.
"""

import torch
import torch.nn.functional as F
from torch import nn

from training_steps import SETUP, Run, hash_parameters, perceptron, small_resnet, train_steps, write_golden

SETUP = {
    **SETUP,
    "hiddenWidth": 64,
    "width": 32,
    "temperature": 0.5,
    "learningRate": 0.01,
    "momentum": 0.9,
    "weightDecay": 1e-4,
}


class SimClr(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = small_resnet()
        layers = [{"width": SETUP["hiddenWidth"]}, {"width": SETUP["width"], "relu": False}]
        self.projector = perceptron(64, layers)
        hash_parameters(self)

    def forward(self, views: list[torch.Tensor]) -> torch.Tensor:
        return F.normalize(self.projector(self.backbone(torch.cat(views))), dim=1)


def nt_xent(z: torch.Tensor, weights) -> torch.Tensor:
    """Chen et al. 2020, algorithm 1: l(i, j) for both orders of each pair, over 2N."""
    count = len(z) // 2
    similarities = z @ z.T / SETUP["temperature"]
    total = 0
    for i in range(2 * count):
        j = (i + count) % (2 * count)
        others = torch.cat([similarities[i, :i], similarities[i, i + 1:]])
        total = total + weights(0, 1)[i % count] * (others.logsumexp(0) - similarities[i, j])
    return total / (2 * count)


def stable_rep(z: torch.Tensor, weights) -> torch.Tensor:
    """Tian et al. 2023, equations 1 to 3, each term times the weight of its pair."""
    views, count = len(SETUP["sizes"]) + 1, SETUP["batchSize"]
    similarities = z @ z.T / SETUP["temperature"] - 1e9 * torch.eye(len(z), dtype=z.dtype)
    shares = torch.zeros_like(similarities)
    for u in range(views):
        for v in range(views):
            if u != v:
                block = torch.diag(weights(u, v)) / (views - 1)
                shares[u * count:(u + 1) * count, v * count:(v + 1) * count] = block
    return -(shares * similarities.log_softmax(1)).sum(1).mean()


def training(setup: dict, loss):
    def train(dtype: torch.dtype, weighted: bool) -> Run:
        network = SimClr().to(dtype)
        optimizer = torch.optim.SGD(
            network.parameters(), lr=0.0, momentum=setup["momentum"], weight_decay=setup["weightDecay"]
        )

        def loss_of(_step, views, weights):
            z = network(views)
            return loss(z, weights), z[:setup["batchSize"]]

        return train_steps(setup, network, optimizer, weighted, loss_of)

    return train


if __name__ == "__main__":
    write_golden(
        "simclr_steps",
        "simclr_steps.py",
        "20 steps of SimCLR on a small ResNet in float64, without weights of pairs and with: losses, spreads, final state.",
        SETUP,
        training(SETUP, nt_xent),
    )
    THREE = {**SETUP, "sizes": [16, 16, 16]}
    write_golden(
        "simclr_positives_steps",
        "simclr_steps.py",
        "20 steps of SimCLR with three views, all positives in one softmax, on a small ResNet in float64, without weights of "
        "pairs and with: losses, spreads, final state.",
        THREE,
        training(THREE, stable_rep),
    )
