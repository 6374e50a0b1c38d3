"""Writes fixtures/golden/optim_*.safetensors: twenty steps of each optimizer on a small network, in float64.

SGD, AdamW, clipping and moving averages are PyTorch's. LARS is the update rule of mmpretrain's engine/optimizers/lars.py,
of facebookresearch/moco-v3's moco/optimizer.py and of NVIDIA apex's parallel/LARC.py, none of which is a package that can
be installed alone. Gradients
are rounded to float32 before each step, so that a float32 implementation sees the same ones. Names of cases on the
command line choose among them.
"""

import json
import math
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import safetensors
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch.optim.swa_utils import get_ema_multi_avg_fn

from hashed_values import uniform

FOLDER = Path(__file__).parents[1] / "fixtures" / "golden"
SEED = 0
STEPS = 20
SHAPES = {
    "backbone.conv1.weight": (4, 3, 2, 2),
    "backbone.bn1.weight": (4,),
    "backbone.bn1.bias": (4,),
    "predictor.0.weight": (5, 4),
    "predictor.0.bias": (5,),
}

Tensors = dict[str, torch.Tensor]


class Lars(torch.optim.Optimizer):
    """Both rules; `rate_inside` is mmpretrain's, the other MoCo v3's."""

    def __init__(self, groups: list[dict], rate_inside: bool, momentum: float, eta: float = 0.001):
        defaults = {"lr": 0.0, "weight_decay": 0.0, "momentum": momentum, "eta": eta, "excluded": False}
        super().__init__(groups, defaults)
        self.rate_inside = rate_inside

    def ratio(self, group: dict, parameter: torch.Tensor, gradient: torch.Tensor, step: torch.Tensor) -> float:
        excluded = group["excluded"] if self.rate_inside else parameter.ndim <= 1
        length = parameter.norm().item()
        other = (gradient if self.rate_inside else step).norm().item()
        if excluded or length == 0 or other == 0:
            return 1.0
        if self.rate_inside:
            return group["eta"] * length / (other + group["weight_decay"] * length + 1e-8)
        return group["eta"] * length / other

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                gradient = parameter.grad
                if gradient is None:
                    continue
                decays = self.rate_inside or parameter.ndim > 1
                step = gradient + group["weight_decay"] * parameter if decays else gradient
                step = step * self.ratio(group, parameter, gradient, step)
                if self.rate_inside:
                    step = step * group["lr"]
                state = self.state[parameter]
                state["momentum_buffer"] = group["momentum"] * state.get("momentum_buffer", 0.0) + step
                parameter -= state["momentum_buffer"] * (1.0 if self.rate_inside else group["lr"])


class Larc(torch.optim.SGD):
    """The rule of NVIDIA apex's parallel/LARC.py around SGD; `clip` as there."""

    def __init__(self, groups: list[dict], momentum: float, eta: float, clip: bool):
        for group in groups:
            group.setdefault("excluded", False)
        super().__init__(groups, 0.1, momentum)
        self.eta = eta
        self.clip = clip

    @torch.no_grad()
    def step(self) -> None:
        decays = [group["weight_decay"] for group in self.param_groups]
        for group, decay in zip(self.param_groups, decays, strict=True):
            group["weight_decay"] = 0.0
            for parameter in group["params"]:
                gradient = parameter.grad
                if gradient is None:
                    continue
                length, other = parameter.norm().item(), gradient.norm().item()
                if group["excluded"]:
                    parameter.grad = gradient + decay * parameter
                elif length > 0 and other > 0:
                    ratio = self.eta * length / (other + decay * length + 1e-8)
                    ratio = min(ratio / group["lr"], 1.0) if self.clip else ratio
                    parameter.grad = ratio * (gradient + decay * parameter)
        super().step()
        for group, decay in zip(self.param_groups, decays, strict=True):
            group["weight_decay"] = decay


@dataclass
class Case:
    """An optimizer of parameter groups, its settings, and the slots that are kept, by PyTorch's name."""

    name: str
    description: str
    optimizer: Callable[[list[dict]], torch.optim.Optimizer]
    slots: dict[str, str]
    learning_rate: float
    weight_decay: float
    rules: list[dict] = field(default_factory=list)
    clip_gradient_norm: float | None = None
    frozen: str | None = None
    clip_each: bool = False


def frozen_in(case: Case, step: int) -> list[str]:
    """At first, as SwAV's prototypes and DINO's last layer, and once more after some updates."""
    return [case.frozen] if case.frozen and (step < 5 or 9 <= step < 12) else []


def rule_of(case: Case, name: str) -> dict:
    """As mmengine's DefaultOptimWrapperConstructor finds it in custom_keys."""
    by_pattern = {rule["pattern"]: rule for rule in case.rules}
    for pattern in sorted(sorted(by_pattern), key=len, reverse=True):
        if pattern in name:
            return by_pattern[pattern]
    return {}


def network_loss(parameters: Tensors) -> torch.Tensor:
    images = uniform(f"{SEED}/images", (8, 3, 5, 5))
    labels = torch.arange(8) % 5
    x = F.conv2d(images, parameters["backbone.conv1.weight"])
    x = F.batch_norm(x, None, None, parameters["backbone.bn1.weight"], parameters["backbone.bn1.bias"], training=True)
    x = torch.tanh(x).mean((2, 3))
    return F.cross_entropy(F.linear(x, parameters["predictor.0.weight"], parameters["predictor.0.bias"]), labels)


def initial(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    # A fresh bias is zero, which LARS treats apart.
    value = torch.zeros(shape).double() if name == "predictor.0.bias" else uniform(f"{SEED}/{name}", shape, 0.5)
    return value.requires_grad_()


def group_of(case: Case, name: str, parameter: torch.Tensor) -> dict:
    rule = rule_of(case, name)
    group = {"params": [parameter], "weight_decay": case.weight_decay * rule.get("weightDecayScale", 1)}
    return group | ({"excluded": True} if rule.get("excludeFromLars") else {})


def measure(case: Case) -> Tensors:
    parameters = {name: initial(name, shape) for name, shape in SHAPES.items()}
    averages = {name: value.detach().clone() for name, value in parameters.items()}
    optimizer = case.optimizer([group_of(case, name, value) for name, value in parameters.items()])
    kept: dict[str, list[torch.Tensor]] = {}

    def keep(kind: str, tensors: Tensors) -> None:
        for name, value in tensors.items():
            kept.setdefault(f"{kind}{name}", []).append(value.detach().clone())

    keep("parameter.", parameters)
    for step in range(STEPS):
        rate = case.learning_rate * (0.55 + 0.45 * math.cos(math.pi * step / STEPS))
        momentum = 0.4 * (1 + math.cos(math.pi * (step + 1) / STEPS)) / 2
        optimizer.zero_grad()
        loss = network_loss(parameters)
        loss.backward()
        for parameter in parameters.values():
            parameter.grad = parameter.grad.float().double()
        keep("gradient.", {name: value.grad for name, value in parameters.items()})
        for name in frozen_in(case, step):
            parameters[name].grad = None
        units = [[value] for value in parameters.values()] if case.clip_each else []
        norm = torch.nn.utils.get_total_norm(p.grad for p in parameters.values() if p.grad is not None)
        for unit in units or [parameters.values()]:
            torch.nn.utils.clip_grad_norm_(unit, case.clip_gradient_norm or float("inf"))
        for group, name in zip(optimizer.param_groups, parameters, strict=True):
            rule = rule_of(case, name)
            base = case.learning_rate if rule.get("fixedLearningRate") else rate
            group["lr"] = base * rule.get("learningRateScale", 1)
        optimizer.step()
        with torch.no_grad():
            get_ema_multi_avg_fn(1 - momentum)(list(averages.values()), list(parameters.values()), 0)
        keep("parameter.", parameters)
        keep("average.", averages)
        for slot, key in case.slots.items():
            zeros = {name: torch.zeros_like(value) for name, value in parameters.items()}
            keep(f"{slot}.", {name: optimizer.state[value].get(key, zeros[name]) for name, value in parameters.items()})
        numbers = {
            "learning_rate": rate,
            "average_momentum": momentum,
            "gradient_norm": norm.item(),
            "loss": loss.item(),
        }
        keep("", {name: torch.tensor(value, dtype=torch.float64) for name, value in numbers.items()})
    return {name: torch.stack(values) for name, values in kept.items()}


def cases() -> list[Case]:
    momentum = {"momentum": "momentum_buffer"}
    moments = {"first_moment": "exp_avg", "second_moment": "exp_avg_sq"}
    simsiam = [{"pattern": "predictor", "fixedLearningRate": True}, {"pattern": "bias", "weightDecayScale": 0}]
    byol = [{"pattern": "bn", "weightDecayScale": 0, "excludeFromLars": True}]
    half = [{"pattern": "predictor", "learningRateScale": 0.5, "weightDecayScale": 2}]
    prototypes = "predictor.0.weight"
    return [
        Case("sgd", "torch.optim.SGD with momentum 0.9.",
             lambda groups: torch.optim.SGD(groups, 0.1, 0.9), momentum, 0.3, 0.01, simsiam),
        Case("sgd_nesterov", "torch.optim.SGD with Nesterov's momentum 0.8.",
             lambda groups: torch.optim.SGD(groups, 0.1, 0.8, nesterov=True), momentum, 0.3, 0.01, half),
        Case("sgd_plain", "torch.optim.SGD without momentum.",
             lambda groups: torch.optim.SGD(groups, 0.1), {}, 0.5, 0.0, simsiam),
        Case("lars_mmpretrain", "The rule of mmpretrain's LARS.",
             lambda groups: Lars(groups, True, 0.9), momentum, 4.8, 0.001, byol),
        Case("lars_moco_v3", "The rule of MoCo v3's LARS.",
             lambda groups: Lars(groups, False, 0.9), momentum, 4.8, 0.001, half),
        Case("lars_larc", "The rule of apex's LARC without clipping.",
             lambda groups: Larc(groups, 0.9, 0.001, False), momentum, 4.8, 0.001, byol),
        Case("lars_larc_clip", "The rule of apex's LARC with clipping, eta 0.02.",
             lambda groups: Larc(groups, 0.9, 0.02, True), momentum, 0.3, 0.001, half),
        Case("adamw_betas", "torch.optim.AdamW with betas 0.9 and 0.95 and epsilon 1e-5.",
             lambda groups: torch.optim.AdamW(groups, 0.1, (0.9, 0.95), 1e-5), moments, 0.02, 0.1, half),
        Case("adamw", "torch.optim.AdamW after clipping by torch.nn.utils.clip_grad_norm_.",
             lambda groups: torch.optim.AdamW(groups, 0.1), moments, 0.02, 0.1, half, 0.2),
        Case("adamw_clip_each", "torch.optim.AdamW after clipping each gradient by torch.nn.utils.clip_grad_norm_.",
             lambda groups: torch.optim.AdamW(groups, 0.1), moments, 0.02, 0.1, half, 0.1, None, True),
        Case("sgd_frozen", "torch.optim.SGD with momentum 0.9; a parameter has no gradient in some steps.",
             lambda groups: torch.optim.SGD(groups, 0.1, 0.9), momentum, 0.3, 0.01, simsiam, 0.2, prototypes),
        Case("lars_frozen", "The rule of mmpretrain's LARS; a parameter has no gradient in some steps.",
             lambda groups: Lars(groups, True, 0.9), momentum, 4.8, 0.001, byol, 0.2, prototypes),
        Case("adamw_frozen", "torch.optim.AdamW with betas 0.8 and 0.95; a parameter has no gradient in some steps.",
             lambda groups: torch.optim.AdamW(groups, 0.1, (0.8, 0.95)), moments, 0.02, 0.1, half, 0.2, prototypes),
    ]


def main() -> None:
    wanted = sys.argv[1:]
    for case in cases():
        if wanted and case.name not in wanted:
            continue
        path = FOLDER / f"optim_{case.name}"
        save_file(measure(case), path.with_suffix(".safetensors"))
        sidecar = {
            "command": f"python reference/optimizers.py {case.name}",
            "seed": SEED,
            "versions": {
                "python": platform.python_version(),
                "safetensors": safetensors.__version__,
                "torch": torch.__version__,
            },
            "description": f"{case.description} {STEPS} steps in float64.",
            "learningRate": case.learning_rate,
            "weightDecay": case.weight_decay,
            "rules": case.rules,
            "clipGradientNorm": case.clip_gradient_norm,
        }
        if case.clip_each:
            sidecar["clipGradientPer"] = "parameter"
        if case.frozen:
            steps = [step for step in range(STEPS) if frozen_in(case, step)]
            sidecar["frozen"] = {"name": case.frozen, "steps": steps}
        path.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
