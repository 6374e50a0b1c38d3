"""Writes fixtures/golden/moco_v2_steps.*: 20 steps of MoCo v2 in PyTorch, from hashed weights on hashed batches.

Batch norm in groups of samples stands for devices, as in lightly's SplitBatchNorm: sample i belongs to group i modulo their
number, and running statistics move towards the mean over the groups. The queue has a key a column and a pointer, as in the
authors' builder.py.
"""

import torch
import torch.nn.functional as F
from torch import nn

from hashed_values import uniform
from random_stream import RandomStream
from training_steps import (
    SETUP,
    Run,
    copy_online,
    hash_parameters,
    perceptron,
    small_resnet,
    train_steps,
    write_golden,
)

SETUP = {
    **SETUP,
    "hiddenWidth": 64,
    "width": 32,
    "temperature": 0.2,
    "queueLength": 96,
    "groupSize": 4,
    "encoderMomentum": 0.9,
    "learningRate": 0.02,
    "momentum": 0.9,
    "weightDecay": 1e-4,
}
GROUPS = SETUP["batchSize"] // SETUP["groupSize"]


class GroupedBatchNorm(nn.BatchNorm2d):
    """Each group's channels become channels of their own in a smaller batch."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        count, channels, height, width = x.shape
        tile = lambda vector: vector.repeat(GROUPS)
        mean, variance = tile(self.running_mean), tile(self.running_var)
        grouped = x.reshape(count // GROUPS, GROUPS * channels, height, width)
        y = F.batch_norm(
            grouped, mean, variance, tile(self.weight), tile(self.bias), True, self.momentum, self.eps
        )
        self.running_mean.copy_(mean.reshape(GROUPS, channels).mean(0))
        self.running_var.copy_(variance.reshape(GROUPS, channels).mean(0))
        self.num_batches_tracked += 1
        return y.reshape(x.shape)


def projector() -> nn.Sequential:
    layers = [
        {"width": SETUP["hiddenWidth"], "bias": True, "norm": None},
        {"width": SETUP["width"], "bias": True, "norm": None, "relu": False},
    ]
    return perceptron(64, layers)


class MoCo(nn.Module):
    """He et al. 2020, algorithm 1."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone, self.projector = small_resnet(norm=GroupedBatchNorm), projector()
        hash_parameters(self)
        self.momentum_encoder = nn.ModuleDict(
            {"backbone": small_resnet(norm=GroupedBatchNorm), "projector": projector()}
        )
        copy_online(self)
        keys = F.normalize(uniform("queue", (SETUP["queueLength"], SETUP["width"])), dim=1)
        self.register_buffer("queue", keys.float().T.contiguous())
        self.register_buffer("queue_ptr", torch.zeros(1, dtype=torch.long))

    def query(self, view: torch.Tensor) -> torch.Tensor:
        return F.normalize(self.projector(self.backbone(view)), dim=1)

    @torch.no_grad()
    def key(self, view: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
        shuffled = self.momentum_encoder["projector"](self.momentum_encoder["backbone"](view[order]))
        return F.normalize(shuffled[order.argsort()], dim=1)

    @torch.no_grad()
    def enqueue(self, keys: torch.Tensor) -> None:
        start = int(self.queue_ptr)
        self.queue[:, start:start + len(keys)] = keys.T
        self.queue_ptr[0] = (start + len(keys)) % self.queue.shape[1]


def train(dtype: torch.dtype, weighted: bool) -> Run:
    network = MoCo().to(dtype)
    optimizer = torch.optim.SGD(
        [value for value in network.parameters() if value.requires_grad],
        lr=0.0,
        momentum=SETUP["momentum"],
        weight_decay=SETUP["weightDecay"],
    )

    def loss_of(step, views, weights):
        q = network.query(views[0])
        order = RandomStream(0, "permutation", "shuffle", step).permutation(SETUP["batchSize"])
        k = network.key(views[1], torch.tensor(order))
        logits = torch.cat([(q * k).sum(1, keepdim=True), q @ network.queue.clone()], dim=1) / SETUP["temperature"]
        network.enqueue(k)
        labels = torch.zeros(len(q), dtype=torch.long)
        return (weights(0, 1) * F.cross_entropy(logits, labels, reduction="none")).mean(), q

    return train_steps(
        SETUP, network, optimizer, weighted, loss_of, momentum=lambda _step: SETUP["encoderMomentum"]
    )


if __name__ == "__main__":
    write_golden(
        "moco_v2_steps",
        "moco_v2_steps.py",
        "20 steps of MoCo v2 on a small ResNet in float64, without weights of pairs and with: losses, spreads, final state "
        "with queue and pointer.",
        SETUP,
        train,
    )
