"""Writes fixtures/golden/swav_steps.*: 20 steps of SwAV in PyTorch, from hashed weights on hashed batches.

Two crops of 16 pixels and four of 8, each resolution in one pass through the backbone, all in one through the projector;
prototypes that stay as they are for the first steps, then the LARS of mmpretrain on all parameters; a queue that fills
from the second epoch on and takes part once it is full. Prototypes have unit length when a step begins, and so they are
stored after the last one.
"""

import torch
import torch.nn.functional as F
from torch import nn

from losses import assignment
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
    "sizes": [16, 16, 8, 8, 8, 8],
    "epochs": 4,
    "hiddenWidth": 64,
    "width": 16,
    "prototypes": 24,
    "temperature": 0.1,
    "epsilon": 0.05,
    "iterations": 3,
    "freezeIterations": 7,
    "queueLength": 32,
    "queueStartEpoch": 1,
    "learningRate": 0.3,
    "minimumLearningRate": 0.003,
    "momentum": 0.9,
    # Enough that the bias before a batch norm, whose gradient is rounding alone, follows its decay: LARS scales both up.
    "weightDecay": 1e-3,
}


class SwAV(nn.Module):
    """Caron et al. 2020, algorithm 1, with the queue of section A.2 and the multi-crop of section 3.2."""

    def __init__(self) -> None:
        super().__init__()
        width, hidden = SETUP["width"], SETUP["hiddenWidth"]
        self.backbone = small_resnet()
        self.projector = perceptron(
            64, [{"width": hidden, "bias": True}, {"width": width, "bias": True, "norm": None, "relu": False}]
        )
        self.prototypes = nn.Linear(width, SETUP["prototypes"], bias=False)
        hash_parameters(self)
        self.normalize()
        # Rows of each global crop, newest first; nothing of them is used before all are filled.
        self.queues = [torch.zeros(SETUP["queueLength"], width) for _ in range(2)]
        self.filled = 0

    @torch.no_grad()
    def normalize(self) -> None:
        self.prototypes.weight.copy_(F.normalize(self.prototypes.weight, dim=1))

    def forward(self, crops: list[torch.Tensor], weights: torch.Tensor, starts: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss, and the first view's embeddings."""
        self.normalize()
        large, small = torch.cat(crops[:2]), torch.cat(crops[2:])
        features = torch.cat([self.backbone(large), self.backbone(small)])
        embeddings = F.normalize(self.projector(features), dim=1)
        scores = self.prototypes(embeddings).chunk(len(crops))
        rows = [part.detach() for part in embeddings.chunk(len(crops))]
        loss = 0
        for crop in range(2):
            with torch.no_grad():
                known = scores[crop]
                if self.filled == SETUP["queueLength"]:
                    known = torch.cat([self.prototypes(self.queues[crop].to(known)), known])
                codes = assignment(known, SETUP["epsilon"], SETUP["iterations"])[-len(rows[crop]):]
            for other in range(len(crops)):
                if other != crop:
                    predicted = F.log_softmax(scores[other] / SETUP["temperature"], dim=1)
                    loss = loss - (weights * (codes * predicted).sum(1)).mean() / (len(crops) - 1) / 2
        if starts:
            self.queues = [torch.cat([new, old.to(new)])[: len(old)] for new, old in zip(rows, self.queues)]
            self.filled = min(self.filled + len(rows[0]), SETUP["queueLength"])
        return loss, rows[0]

    def state(self) -> dict[str, torch.Tensor]:
        queues = {f"queue.{crop}": rows.clone() for crop, rows in enumerate(self.queues)}
        counts = {f"queue.{crop}_filled": torch.tensor(float(self.filled)) for crop in range(2)}
        return snapshot(self) | queues | counts


def train(dtype: torch.dtype, weighted: bool) -> Run:
    network = SwAV().to(dtype).train()
    initial = network.state()
    optimizer = Lars(
        [{"params": [*network.parameters()], "weight_decay": SETUP["weightDecay"]}], True, SETUP["momentum"]
    )
    losses, spreads = [], []
    for step in range(SETUP["steps"]):
        rate = cosine(step, SETUP["steps"], SETUP["learningRate"], SETUP["minimumLearningRate"])
        optimizer.param_groups[0]["lr"] = rate
        weights = weights_of(SETUP, step).to(dtype) if weighted else torch.ones(SETUP["batchSize"], dtype=dtype)
        epoch = step * SETUP["epochs"] // SETUP["steps"]
        views = [view.to(dtype) for view in views_of(SETUP, step)]
        loss, embeddings = network(views, weights, epoch >= SETUP["queueStartEpoch"])
        optimizer.zero_grad()
        loss.backward()
        if step < SETUP["freezeIterations"]:
            network.prototypes.weight.grad = None
        optimizer.step()
        losses.append(loss.item())
        spreads.append(spread_of(embeddings))
    network.normalize()
    return Run(initial, network.state(), losses, spreads)


if __name__ == "__main__":
    write_golden(
        "swav_steps",
        "swav_steps.py",
        "20 steps of SwAV on a small ResNet with crops of two sizes in float64, without weights of pairs and with: losses, "
        "spreads, final state, queues.",
        SETUP,
        train,
    )
