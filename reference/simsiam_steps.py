"""Writes fixtures/golden/simsiam_steps.*: 20 steps of SimSiam in PyTorch, from hashed weights on hashed batches.

The network is torchvision's resnet18 with a 3x3 stem of stride 1 and no max-pool, a projector of two layers and a
predictor as mmpretrain builds them; the optimizer torch.optim.SGD with a cosine learning rate, constant for the
predictor. The golden is the run in float64. The same run in float32 tells, in the sidecar, how far rounding alone
carries PyTorch away from it.

Rounding flips ReLUs whose input is close to zero, and training amplifies that: with residual branches at full strength
float32 leaves float64 by 1e-2 in the loss within these 20 steps, and nothing could be learned from a comparison. So the
branches start weak, near SimSiam's own zero initialisation, and neither a parameter nor the loss starts at zero, where a
relative difference would be one of small numbers: the predictor's second linear is the first one's transpose, which
takes an embedding to something near it.
"""

import json
import math
import platform
import re
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import safetensors
import torch
import torch.nn.functional as F
import torchvision
from safetensors.torch import save_file
from torch import nn

from hashed_values import parameter, sampled_indices, uniform

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden" / "simsiam_steps"
SETUP = {
    "steps": 20,
    "batchSize": 16,
    "size": 16,
    "projectorWidth": 256,
    "projectorLayers": 2,
    "predictorWidth": 64,
    "learningRate": 0.0125,
    "momentum": 0.9,
    "weightDecay": 1e-4,
    # What the hashed scale at the end of each residual branch is multiplied by.
    "branchScale": 0.2,
    # Pixels of a coarse image are squares of so many; two batches of such images come in turn, with fresh noise.
    "cell": 4,
    "batches": 2,
    "contrast": 1.5,
    "noise": 0.25,
    "samples": 1024,
}


def backbone() -> nn.Module:
    network = torchvision.models.resnet18()
    network.conv1 = nn.Conv2d(3, 64, 3, stride=1, padding=1, bias=False)
    network.maxpool = nn.Identity()
    network.fc = nn.Identity()
    return network


class SimSiam(nn.Module):
    """Chen & He 2021, algorithm 1."""

    def __init__(self, width: int, bottleneck: int) -> None:
        super().__init__()
        self.backbone = backbone()
        self.projector = nn.Sequential(OrderedDict(
            fc0=nn.Linear(512, width, bias=False),
            bn0=nn.BatchNorm1d(width),
            relu0=nn.ReLU(),
            fc1=nn.Linear(width, width, bias=False),
            bn1=nn.BatchNorm1d(width, affine=False),
        ))
        self.predictor = nn.Sequential(OrderedDict(
            fc0=nn.Linear(width, bottleneck, bias=False),
            bn0=nn.BatchNorm1d(bottleneck),
            relu0=nn.ReLU(),
            fc1=nn.Linear(bottleneck, width),
        ))

    def forward(self, views: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss, and the spread of the first view's embeddings."""
        z1, z2 = (self.projector(self.backbone(view)) for view in views)
        p1, p2 = self.predictor(z1), self.predictor(z2)
        similarity = F.cosine_similarity(p1, z2.detach()).mean() + F.cosine_similarity(p2, z1.detach()).mean()
        return -similarity / 2, F.normalize(z1.detach()).std(0, correction=0).mean()


def initial_values(network: nn.Module) -> dict[str, torch.Tensor]:
    """Hashed parameters, residual branches weakened, the predictor tied, and fresh statistics."""
    values = network.state_dict()
    for name, value in network.named_parameters():
        scale = SETUP["branchScale"] if re.search(r"layer.*bn2\.weight", name) else 1
        values[name] = (scale * parameter(name, tuple(value.shape))).float()
    values["predictor.fc1.weight"] = values["predictor.fc0.weight"].T
    return {name: value.clone() for name, value in values.items()}


def views_of(step: int) -> list[torch.Tensor]:
    """Two views of a batch: coarse images that both share, and noise of their own."""
    size, cell = SETUP["size"], SETUP["cell"]
    shape = (SETUP["batchSize"], 3, size // cell, size // cell)
    coarse = uniform(f"images.{step % SETUP['batches']}", shape).numpy()
    images = SETUP["contrast"] * coarse.repeat(cell, axis=2).repeat(cell, axis=3)
    noises = [uniform(f"noise.{step}.{view}", images.shape).numpy() for view in range(2)]
    return [torch.from_numpy((images + SETUP["noise"] * noise).astype(np.float32)) for noise in noises]


def train(network: SimSiam, dtype: torch.dtype) -> tuple[dict[str, torch.Tensor], list[float], list[float]]:
    """The state after all steps, and each step's loss and spread."""
    network.to(dtype).train()
    optimizer = torch.optim.SGD(
        [
            {"params": [*network.backbone.parameters(), *network.projector.parameters()]},
            {"params": network.predictor.parameters()},
        ],
        lr=SETUP["learningRate"],
        momentum=SETUP["momentum"],
        weight_decay=SETUP["weightDecay"],
    )
    cosine = lambda step: (1 + math.cos(math.pi * step / SETUP["steps"])) / 2
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, [cosine, lambda _: 1.0])
    losses, spreads = [], []
    for step in range(SETUP["steps"]):
        loss, spread = network([view.to(dtype) for view in views_of(step)])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        spreads.append(spread.item())
    return network.state_dict(), losses, spreads


def measure(state: dict[str, torch.Tensor], initial: dict[str, torch.Tensor]) -> Iterator[tuple[str, torch.Tensor]]:
    for name, value in state.items():
        if value.dtype == torch.int64:
            yield f"value/{name}", value
            continue
        samples = torch.from_numpy(sampled_indices(name, value.numel(), SETUP["samples"]))
        yield f"value/{name}", value.flatten()[samples]
        yield f"norm/{name}", value.norm()
        yield f"change/{name}", (value - initial[name].double()).norm()


def worst(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor], parameters: list[str]) -> tuple[float, str]:
    """The largest relative norm difference of a parameter, and which it is."""
    return max(
        (((found[name].double() - wanted[name]).norm() / wanted[name].norm()).item(), name) for name in parameters
    )


def main() -> None:
    runs = []
    for dtype in (torch.float64, torch.float32):
        network = SimSiam(SETUP["projectorWidth"], SETUP["predictorWidth"])
        initial = initial_values(network)
        network.load_state_dict(initial)
        runs.append(train(network, dtype))
        parameters = [name for name, _ in network.named_parameters()]
    (state, losses, spreads), (single, single_losses, _) = runs
    tensors = {
        "losses": torch.tensor(losses, dtype=torch.float64),
        "spreads": torch.tensor(spreads, dtype=torch.float64),
        **dict(measure(state, initial)),
    }
    path = GOLDEN.with_suffix(".safetensors")
    save_file({name: value.contiguous().clone() for name, value in tensors.items()}, path)
    assert path.stat().st_size < 2_000_000, path
    difference, name = worst(single, state, parameters)
    sidecar = {
        "command": "python reference/simsiam_steps.py",
        "seed": None,
        "versions": {
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
        "description": "20 steps of SimSiam on a small ResNet-18 in float64: losses, spreads, final state.",
        **SETUP,
        "float32": {
            "loss": max(abs(a - b) / abs(b) for a, b in zip(single_losses, losses)),
            "parameter": difference,
            "which": name,
        },
    }
    GOLDEN.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")
    print(json.dumps(sidecar["float32"]), [round(loss, 4) for loss in losses])


if __name__ == "__main__":
    main()
