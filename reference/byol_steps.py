"""Writes fixtures/golden/byol_steps.*: 20 steps of BYOL in PyTorch, from hashed weights on hashed batches.

Heads as in DeepMind's byol (a bias in the hidden linear, none in the last), the loss as in mmpretrain, twice the sum of the
negative cosines; LARS as in mmpretrain without batch norm's scales and biases; the target's momentum rises to 1 by a cosine.
The predictor's second linear starts as the first one's transpose, so that the loss does not start at zero.
"""

import torch
import torch.nn.functional as F
from torch import nn

from optimizers import Lars
from training_steps import (
    SETUP,
    Run,
    copy_online,
    cosine,
    hash_parameters,
    normed_or_bias,
    perceptron,
    small_resnet,
    train_steps,
    write_golden,
)

SETUP = {
    **SETUP,
    "hiddenWidth": 96,
    "width": 48,
    "encoderMomentum": 0.9,
    "learningRate": 0.003,
    "eta": 0.2,
    "momentum": 0.9,
    "weightDecay": 1e-2,
}


def head(width: int) -> nn.Sequential:
    layers = [{"width": SETUP["hiddenWidth"], "bias": True}, {"width": SETUP["width"], "norm": None, "relu": False}]
    return perceptron(width, layers)


class Byol(nn.Module):
    """Grill et al. 2020, section 3.1."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone, self.projector, self.predictor = small_resnet(), head(64), head(SETUP["width"])
        hash_parameters(self)
        with torch.no_grad():
            self.predictor.fc1.weight.copy_(self.predictor.fc0.weight.T)
        self.momentum_encoder = nn.ModuleDict({"backbone": small_resnet(), "projector": head(64)})
        copy_online(self)

    def predict(self, view: torch.Tensor) -> torch.Tensor:
        return self.predictor(self.projector(self.backbone(view)))

    @torch.no_grad()
    def target(self, view: torch.Tensor) -> torch.Tensor:
        return self.momentum_encoder["projector"](self.momentum_encoder["backbone"](view))


def train(dtype: torch.dtype, weighted: bool) -> Run:
    network = Byol().to(dtype)
    named = [(name, value) for name, value in network.named_parameters() if value.requires_grad]
    optimizer = Lars(
        [
            {"params": [value for name, value in named if not normed_or_bias(name)], "weight_decay": SETUP["weightDecay"]},
            {"params": [value for name, value in named if normed_or_bias(name)], "excluded": True},
        ],
        rate_inside=True,
        momentum=SETUP["momentum"],
        eta=SETUP["eta"],
    )

    def loss_of(_step, views, weights):
        p1, p2 = (network.predict(view) for view in views)
        t1, t2 = (network.target(view) for view in views)
        return -2 * (weights(0, 1) * (F.cosine_similarity(p1, t2) + F.cosine_similarity(p2, t1))).mean()

    return train_steps(
        SETUP, network, optimizer, weighted, loss_of,
        momentum=lambda step: cosine(step, SETUP["steps"], SETUP["encoderMomentum"], 1),
    )


if __name__ == "__main__":
    write_golden(
        "byol_steps",
        "byol_steps.py",
        "20 steps of BYOL on a small ResNet in float64, without weights of pairs and with: losses, final state.",
        SETUP,
        train,
    )
