"""What programs that train a method for some steps have in common.

Networks start from hashed values and see hashed batches, so that goldens hold neither. A golden is the run in float64,
with and without weights of pairs; the same runs in float32 tell, beside it, how far rounding alone carries PyTorch away.

Rounding flips ReLUs whose input is close to zero, and training amplifies that: with residual branches at full strength
float32 leaves float64 by 1e-2 in the loss within 20 steps, and nothing could be learned from a comparison. So the
branches start weak, near the zero initialisation of many recipes, and neither a parameter nor the loss starts at zero,
where a relative difference would be one of small numbers. Learning rates are such that views which differ by a share of 2e-7
lead nowhere else either, so that another processor's rounding does not.
"""

import json
import math
import platform
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import safetensors
import timm
import torch
import torch.nn.functional as F
import torchvision
from open_clip.transformer import VisionTransformer
from safetensors.torch import save_file
from torch import nn
from torchvision.models.resnet import BasicBlock

from hashed_values import parameter, sampled_indices, uniform

FOLDER = Path(__file__).parents[1] / "fixtures" / "golden"
SETUP = {
    "steps": 20,
    "batchSize": 16,
    # Height and width of each view.
    "sizes": [16, 16],
    # What the hashed scale at the end of each residual branch is multiplied by.
    "branchScale": 0.2,
    # Pixels of a coarse image are squares of so many; two batches of such images come in turn, with fresh noise.
    "cell": 4,
    "batches": 2,
    "contrast": 1.5,
    "noise": 0.25,
    # Elements that are held of each tensor.
    "samples": 256,
}
# Differences that rounding may make before a tensor is said to be beyond it.
TOLERANCE = 1e-3


def small_resnet(
    channels: tuple[int, ...] = (16, 32, 64),
    norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
) -> nn.Module:
    """A residual network of one basic block in each stage behind a 3x3 stem, under torchvision's names."""
    layers = OrderedDict(
        conv1=nn.Conv2d(3, channels[0], 3, stride=1, padding=1, bias=False),
        bn1=norm(channels[0]),
        relu=nn.ReLU(),
    )
    for stage, (before, width) in enumerate(zip((channels[0], *channels), channels)):
        stride = 1 if stage == 0 else 2
        around = None if before == width else nn.Sequential(
            nn.Conv2d(before, width, 1, stride=stride, bias=False), norm(width)
        )
        layers[f"layer{stage + 1}"] = nn.Sequential(BasicBlock(before, width, stride, around, norm_layer=norm))
    return nn.Sequential(OrderedDict(**layers, avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten()))


def clip_tower(size: int, patch: int, width: int, layers: int, heads: int) -> VisionTransformer:
    """open_clip's image tower without its projection: gives the class token and the patches' tokens, both normalised."""
    tower = VisionTransformer(size, patch, width, layers, heads, 4, output_tokens=True)
    tower.proj = None
    return tower


def perceptron(width: int, layers: list[dict]) -> nn.Sequential:
    """Linears of `width` and `bias`, each with batch norm ("affine", "plain" or None) and ReLU where `relu` holds."""
    parts = OrderedDict()
    for i, layer in enumerate(layers):
        parts[f"fc{i}"] = nn.Linear(width, layer["width"], bias=layer.get("bias", False))
        width = layer["width"]
        if layer.get("norm", "affine") is not None:
            parts[f"bn{i}"] = nn.BatchNorm1d(width, affine=layer.get("norm", "affine") == "affine")
        if layer.get("relu", True):
            parts[f"relu{i}"] = nn.ReLU()
    return nn.Sequential(parts)


def hash_parameters(network: nn.Module, branch_scale: float = SETUP["branchScale"]) -> None:
    """Hashed parameters by their names, residual branches weakened; buffers stay as they are."""
    with torch.no_grad():
        for name, value in network.named_parameters():
            scale = branch_scale if re.search(r"layer.*bn2\.weight", name) else 1
            value.copy_((scale * parameter(name, tuple(value.shape))).float())


def copy_online(network: nn.Module) -> None:
    """Makes `network.momentum_encoder`, whose parts are named as the network's, an untrained copy of those."""
    for name, part in network.momentum_encoder.named_children():
        part.load_state_dict(getattr(network, name).state_dict())
        part.requires_grad_(False)


@torch.no_grad()
def follow_online(network: nn.Module, momentum: float) -> None:
    """Moves the parameters of `network.momentum_encoder` towards the network's; its buffers are its own."""
    for name, part in network.momentum_encoder.named_children():
        for old, new in zip(part.parameters(), getattr(network, name).parameters()):
            old.mul_(momentum).add_(new, alpha=1 - momentum)


def cosine(step: int, steps: int, start: float, end: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * step / steps)) / 2


def rate_at(setup: dict, step: int) -> float:
    """The learning rate: a linear warm-up, of no steps unless told, whose last step has all of it, and a cosine."""
    rate, warm = setup["learningRate"], setup.get("warmUpSteps", 0)
    if step < warm:
        return rate * (setup["startFactor"] + (1 - setup["startFactor"]) * step / (warm - 1))
    return cosine(step - warm, setup["steps"] - warm, rate, setup.get("end", 0))


def views_of(setup: dict, step: int) -> list[torch.Tensor]:
    """The views of a batch: coarse images that all share, of which a smaller view shows the first rows and columns, and
    noise of their own."""
    size, cell = max(setup["sizes"]), setup["cell"]
    shape = (setup["batchSize"], 3, size // cell, size // cell)
    coarse = uniform(f"images.{step % setup['batches']}", shape).numpy()
    images = setup["contrast"] * coarse.repeat(cell, axis=2).repeat(cell, axis=3)
    views = []
    for view, size in enumerate(setup["sizes"]):
        shown = images[:, :, :size, :size]
        noise = uniform(f"noise.{step}.{view}", shown.shape).numpy()
        views.append(torch.from_numpy((shown + setup["noise"] * noise).astype(np.float32)))
    return views


def global_count(setup: dict) -> int:
    """How many views come before the first of another size: local ones are predicted from, never towards."""
    sizes = setup["sizes"]
    return next((at for at, size in enumerate(sizes) if size != sizes[0]), len(sizes))


def weights_of(setup: dict, step: int, first: int = 0, second: int = 1) -> torch.Tensor:
    """Weights of the pairs of two views, between 0.5 and 1.5."""
    return uniform(f"weights.{step}.{first}.{second}", (setup["batchSize"],), 0.5, 1.0)


def spread_of(embeddings: torch.Tensor) -> float:
    """What tells of collapse: the deviation over the batch of each coordinate of the normalised embeddings, on average."""
    return F.normalize(embeddings.detach()).std(0, correction=0).mean().item()


def normed_or_bias(name: str) -> bool:
    """Whether a recipe by LARS leaves out a parameter: biases, and batch norm's scales."""
    return "bn" in name or "bias" in name or "downsample.1" in name


@dataclass
class Run:
    """What came of a run: its state before and after, and what each step gave."""

    initial: dict[str, torch.Tensor]
    final: dict[str, torch.Tensor]
    losses: list[float]
    # Of the embeddings that a step shows, see `spread_of`.
    spreads: list[float]
    # Further numbers of each step, such as the terms of the loss.
    series: dict[str, list[float]] = field(default_factory=dict)


def snapshot(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


WeightsOfPair = Callable[[int, int], torch.Tensor]


def train_steps(
    setup: dict,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    weighted: bool,
    loss_of: Callable[[int, list[torch.Tensor], WeightsOfPair], tuple[torch.Tensor, torch.Tensor]],
    momentum: Callable[[int], float] | None = None,
) -> Run:
    """Trains by a cosine learning rate, on gradients clipped to a joint norm if the setup has one; the momentum encoder, if
    there is one, follows at the start of each step.

    `loss_of` takes the step, the views and the weights of the pairs of two of them, and gives the loss and the embeddings.
    """
    dtype = next(network.parameters()).dtype
    initial, losses, spreads, norms = snapshot(network), [], [], []
    network.train()
    for step in range(setup["steps"]):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(setup, step)

        def weights(first: int, second: int) -> torch.Tensor:
            pair = min(first, second), max(first, second)
            return weights_of(setup, step, *pair).to(dtype) if weighted else torch.ones(setup["batchSize"], dtype=dtype)

        if momentum is not None:
            follow_online(network, momentum(step))
        loss, embeddings = loss_of(step, [view.to(dtype) for view in views_of(setup, step)], weights)
        optimizer.zero_grad()
        loss.backward()
        if "clipGradientNorm" in setup:
            norms.append(nn.utils.clip_grad_norm_(network.parameters(), setup["clipGradientNorm"]).item())
        optimizer.step()
        losses.append(loss.item())
        spreads.append(spread_of(embeddings))
    if momentum is not None:
        # As the step that would come next begins.
        follow_online(network, momentum(setup["steps"]))
    return Run(initial, snapshot(network), losses, spreads, {"norms": norms} if norms else {})


def measure(run: Run, most: int) -> Iterator[tuple[str, torch.Tensor]]:
    for name, values in {"losses": run.losses, "spreads": run.spreads, **run.series}.items():
        yield name, torch.tensor(values, dtype=torch.float64)
    for name, value in run.final.items():
        if value.dtype == torch.int64:
            yield f"value/{name}", value
            continue
        samples = torch.from_numpy(sampled_indices(name, value.numel(), most))
        yield f"value/{name}", value.flatten()[samples]
        yield f"norm/{name}", value.norm()
        yield f"change/{name}", (value - run.initial[name].double()).norm()


def deviation(name: str, found: Run, wanted: Run) -> float:
    """How far a tensor is off, relative to its norm; a running mean relative to the deviation that belongs to it."""
    value = wanted.final[name]
    beside = value.norm()
    if name.endswith("running_mean"):
        variance = wanted.final[name.replace("running_mean", "running_var")]
        beside = torch.maximum(beside, variance.sqrt().norm())
    return ((found.final[name].double() - value).norm() / beside).item()


def save_golden(
    name: str, tensors: dict[str, torch.Tensor], program: str, description: str, facts: dict, versions: dict[str, str] | None = None,
) -> None:
    """Writes a golden of training steps, and beside it what it was made by and further facts."""
    path = (FOLDER / name).with_suffix(".safetensors")
    save_file({key: value.contiguous().clone() for key, value in tensors.items()}, path)
    path.chmod(0o644)
    assert path.stat().st_size < 2_000_000, path
    sidecar = {
        "command": f"python reference/{program}",
        "seed": None,
        "versions": {
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "timm": timm.__version__,
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            **(versions or {}),
        },
        "description": description,
        **facts,
    }
    path.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


def write_golden(
    name: str,
    program: str,
    description: str,
    setup: dict,
    train: Callable[[torch.dtype, bool], Run],
    versions: dict[str, str] | None = None,
) -> None:
    """Runs a training in both precisions, without weights of pairs and with them, and writes its golden."""
    tensors, rounding = {}, {}
    for kind, weighted in {"plain": False, "weighted": True}.items():
        wanted, single = (train(dtype, weighted) for dtype in (torch.float64, torch.float32))
        floats = [key for key, value in wanted.final.items() if value.dtype != torch.int64]
        own = {key: deviation(key, single, wanted) for key in floats}
        tensors |= {f"{kind}/{key}": value for key, value in measure(wanted, setup["samples"])}
        tensors |= {f"{kind}/float32/{key}": torch.tensor(value, dtype=torch.float64) for key, value in own.items()}
        worst = max(own, key=own.__getitem__)
        rounding[kind] = {
            "loss": max(abs(a - b) / abs(b) for a, b in zip(single.losses, wanted.losses)),
            "parameter": own[worst],
            "which": worst,
            "beyond": [key for key, value in own.items() if value > TOLERANCE],
        }
        print(name, kind, json.dumps(rounding[kind]), [round(loss, 4) for loss in wanted.losses])
    save_golden(name, tensors, program, description, {**setup, "float32": rounding}, versions)
