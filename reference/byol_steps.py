"""Writes fixtures/golden/byol_{,crops_}steps.*: 20 steps of BYOL in PyTorch, from hashed weights on hashed batches.

Heads as in DeepMind's byol (a bias in the hidden linear, none in the last), the loss as in mmpretrain, twice the sum of the
negative cosines; LARS as in mmpretrain without batch norm's scales and biases; the target's momentum rises to 1 by a cosine.
The predictor's second linear starts as the first one's transpose, so that the loss does not start at zero. With crops of two
sizes the small ones are predicted from, never towards, and the loss is four times the mean over all pairs.
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from optimizers import Lars
from training_steps import (
    SETUP,
    Run,
    copy_online,
    cosine,
    global_count,
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
CROPS = {**SETUP, "sizes": [16, 16, 8, 8]}


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

    def embed(self, view: torch.Tensor) -> torch.Tensor:
        return self.projector(self.backbone(view))

    @torch.no_grad()
    def target(self, view: torch.Tensor) -> torch.Tensor:
        return self.momentum_encoder["projector"](self.momentum_encoder["backbone"](view))


def train(setup: dict, dtype: torch.dtype, weighted: bool) -> Run:
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
        embeddings = [network.embed(view) for view in views]
        predictions = [network.predictor(z) for z in embeddings]
        targets = [network.target(view) for view in views[:global_count(setup)]]
        terms = [
            -(weights(t, p) * F.cosine_similarity(prediction, target)).mean()
            for t, target in enumerate(targets) for p, prediction in enumerate(predictions) if p != t
        ]
        return 4 * sum(terms) / len(terms), embeddings[0]

    return train_steps(
        setup, network, optimizer, weighted, loss_of,
        momentum=lambda step: cosine(step, SETUP["steps"], SETUP["encoderMomentum"], 1),
    )


if __name__ == "__main__":
    for name, setup in {"": SETUP, "crops_": CROPS}.items():
        crops = " with crops of two sizes" if name else ""
        write_golden(
            f"byol_{name}steps",
            "byol_steps.py",
            f"20 steps of BYOL on a small ResNet{crops} in float64, without weights of pairs and with: losses, spreads, final "
            "state.",
            setup,
            partial(train, setup),
        )
