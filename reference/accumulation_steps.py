"""Writes fixtures/golden/accumulation_steps.*: 5 steps of a contrast over the whole batch, whose samples go through the
networks in micro-batches.

As on several devices without SyncBN, batch norm takes its statistics from a micro-batch, and its running statistics
follow one micro-batch after the other; the loss sees the keys of all of them, as MoCo v3's does after its all_gather.
PyTorch holds the activations of all micro-batches until one backward pass, so that nothing here is accumulated.
"""

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
    "steps": 5,
    "deviceBatchSize": 4,
    "hiddenWidth": 32,
    "width": 16,
    "temperature": 0.3,
    "learningRate": 0.02,
    "momentum": 0.9,
    "weightDecay": 1e-4,
    "encoderMomentum": 0.9,
}


def head(width: int) -> nn.Sequential:
    return perceptron(width, [{"width": SETUP["hiddenWidth"]}, {"width": SETUP["width"], "norm": None, "relu": False}])


class Contrast(nn.Module):
    """Queries of a predictor against keys of a momentum encoder (Chen, Xie & He 2021, algorithm 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = small_resnet()
        self.projector = head(64)
        self.predictor = head(SETUP["width"])
        hash_parameters(self)
        self.momentum_encoder = nn.ModuleDict({"backbone": small_resnet(), "projector": head(64)})
        copy_online(self)

    def micro_batch(self, views: list[torch.Tensor]) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        queries = [F.normalize(self.predictor(self.projector(self.backbone(view)))) for view in views]
        with torch.no_grad():
            followed = self.momentum_encoder
            keys = [F.normalize(followed["projector"](followed["backbone"](view))) for view in views]
        return queries, keys

    def forward(self, views: list[torch.Tensor], weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss, and the first view's queries."""
        parts = zip(*(view.split(SETUP["deviceBatchSize"]) for view in views))
        queries, keys = zip(*(self.micro_batch(list(part)) for part in parts))
        (q1, q2), (k1, k2) = ([torch.cat(view) for view in zip(*rows)] for rows in (queries, keys))
        targets = torch.arange(len(q1))

        def term(q: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
            losses = F.cross_entropy(q @ k.T / SETUP["temperature"], targets, reduction="none")
            return (weights * losses).mean()

        return term(q1, k2) + term(q2, k1), q1


def train(dtype: torch.dtype, weighted: bool) -> Run:
    network = Contrast().to(dtype).train()
    initial = snapshot(network)
    trained = [value for value in network.parameters() if value.requires_grad]
    optimizer = torch.optim.SGD(
        trained, lr=SETUP["learningRate"], momentum=SETUP["momentum"], weight_decay=SETUP["weightDecay"]
    )
    losses, spreads = [], []
    for step in range(SETUP["steps"]):
        optimizer.param_groups[0]["lr"] = cosine(step, SETUP["steps"], SETUP["learningRate"], 0)
        weights = weights_of(SETUP, step).to(dtype) if weighted else torch.ones(SETUP["batchSize"], dtype=dtype)
        loss, embeddings = network([view.to(dtype) for view in views_of(SETUP, step)], weights)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        follow_online(network, SETUP["encoderMomentum"])
        losses.append(loss.item())
        spreads.append(spread_of(embeddings))
    return Run(initial, snapshot(network), losses, spreads)


if __name__ == "__main__":
    write_golden(
        "accumulation_steps",
        "accumulation_steps.py",
        "5 steps of a contrast over 16 samples in micro-batches of 4, each with batch norm of its own, on a small ResNet in "
        "float64, without weights of pairs and with: losses, spreads, final state.",
        SETUP,
        train,
    )
