"""Writes fixtures/golden/linear_probe_steps.*: 20 steps of linear classifiers on fixed features by published recipes.

The classifier is torch.nn.Linear from hashed weights of N(0, 0.01)'s size and a bias of zeros, on hashed features as
large as those of a ResNet after its last ReLU. SGD is torch.optim.SGD; LARS is written here after mmpretrain's
(`mmpretrain/engine/optimizers/lars.py`): the learning rate is inside the velocity, and a parameter without length, such
as a fresh bias, takes its step unscaled. The 20 steps are spread evenly over the course of each recipe's schedule, one
step an epoch. The learning rate is scaled to the batch, but for LARS, whose steps would be lost in the weight. All in float64; the sidecar tells how far the same in
float32 leads away from it.
"""

import json
import math
import platform
from pathlib import Path

import safetensors
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from hashed_values import uniform

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden" / "linear_probe_steps"
STEPS, ROWS, WIDTH, CLASSES = 20, 64, 32, 10
RECIPES = {
    "lars": {"optimizer": "lars", "rate": 1.6, "batch": 4096, "epochs": 90, "decay": 0.0},
    "moco-v3-resnet": {"optimizer": "sgd", "rate": 0.4, "batch": 1024, "epochs": 90, "decay": 0.0},
    "moco-v3-vit": {"optimizer": "sgd", "rate": 12.0, "batch": 1024, "epochs": 90, "decay": 0.0},
    "moco-v2": {"optimizer": "sgd", "rate": 30.0, "batch": 256, "epochs": 100, "decay": 0.0, "milestones": [60, 80]},
    "swav": {"optimizer": "sgd", "rate": 0.3, "batch": 256, "epochs": 100, "decay": 1e-6},
    "lightly": {"optimizer": "sgd", "rate": 0.1, "batch": 256, "epochs": 90, "decay": 0.0},
}


class Lars(torch.optim.Optimizer):
    def __init__(self, parameters, lr: float, momentum: float = 0.9, eta: float = 0.001) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "eta": eta})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                length, slope = parameter.norm(), parameter.grad.norm()
                trust = group["eta"] * length / (slope + 1e-8) if length > 0 and slope > 0 else 1.0
                velocity = self.state[parameter].setdefault("velocity", torch.zeros_like(parameter))
                velocity.mul_(group["momentum"]).add_(parameter.grad * trust * group["lr"])
                parameter.sub_(velocity)


def batch(step: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Features that lean towards their class's centre, not negative, and their classes."""
    labels = (torch.arange(ROWS) * 7 + step) % CLASSES
    centres = uniform("centres", (CLASSES, WIDTH))
    return F.relu(centres[labels] + uniform(f"features.{step}", (ROWS, WIDTH))), labels


def rate_at(recipe: dict, epoch: float) -> float:
    base = recipe["rate"] * (1 if recipe["optimizer"] == "lars" else ROWS / recipe["batch"])
    if "milestones" in recipe:
        return base * 0.1 ** sum(epoch >= milestone for milestone in recipe["milestones"])
    return base * (1 + math.cos(math.pi * epoch / recipe["epochs"])) / 2


def train(recipe: dict, dtype: torch.dtype) -> tuple[list[float], nn.Linear]:
    head = nn.Linear(WIDTH, CLASSES)
    head.load_state_dict({"weight": uniform("fc.weight", (CLASSES, WIDTH), 0.0173).float(), "bias": torch.zeros(CLASSES)})
    head.to(dtype)
    optimizer = (
        Lars(head.parameters(), lr=0.0)
        if recipe["optimizer"] == "lars"
        else torch.optim.SGD(head.parameters(), lr=0.0, momentum=0.9, weight_decay=recipe["decay"])
    )
    losses = []
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(recipe, step * recipe["epochs"] // STEPS)
        features, labels = batch(step)
        loss = F.cross_entropy(head(features.to(dtype)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, head


def main() -> None:
    tensors, worst = {}, 0.0
    for name, recipe in RECIPES.items():
        losses, head = train(recipe, torch.float64)
        single, _ = train(recipe, torch.float32)
        worst = max(worst, max(abs(a - b) / b for a, b in zip(single, losses)))
        tensors[f"{name}/losses"] = torch.tensor(losses, dtype=torch.float64)
        tensors[f"{name}/fc.weight"] = head.weight.detach().clone()
        tensors[f"{name}/fc.bias"] = head.bias.detach().clone()
        print(name, [round(loss, 4) for loss in losses[:: STEPS // 5]])
    save_file(tensors, GOLDEN.with_suffix(".safetensors"))
    sidecar = {
        "command": "python reference/linear_probe_steps.py",
        "seed": None,
        "versions": {
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
        },
        "description": "20 steps of linear classifiers by six recipes in float64: losses, final weight and bias.",
        "steps": STEPS,
        "rows": ROWS,
        "width": WIDTH,
        "classes": CLASSES,
        "float32": worst,
    }
    GOLDEN.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")
    print("float32", worst)


if __name__ == "__main__":
    main()
