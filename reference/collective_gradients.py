"""Writes fixtures/golden/collectives.safetensors: what processes exchange, and its gradients, as PyTorch has them.

For 2 and 3 processes of torch.distributed with gloo: a collective `NAME/RANKS` of torch.distributed.nn, with each process's
input `x`, output `y`, what the output was weighted by in the sum of all processes' losses, `dy`, and the gradient `dx`,
stacked by rank. SyncBatchNorm runs on GPUs alone: for batch norm there is the whole batch in one process instead, in
float64, two steps after another, of which the gradients are the second's.
"""

import json
import os
import platform
import tempfile
from pathlib import Path

import safetensors
import torch
import torch.distributed as dist
import torch.distributed.nn.functional as collective
import torch.multiprocessing as mp
from hashed_values import uniform
from safetensors.torch import save_file

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden" / "collectives"
SIZES = (2, 3)
ROWS = 6
SHAPES = {"features": (12, 5), "pixels": (12, 5, 3, 2), "large": (12, 2, 33, 32)}

Tensor = torch.Tensor


def reduce_scatter(x: Tensor) -> Tensor:
    parts = list(x.chunk(dist.get_world_size()))
    return collective.reduce_scatter(torch.empty_like(parts[0]), parts)


COLLECTIVES = {
    "all_reduce": lambda x: collective.all_reduce(x.clone()),
    "all_gather": lambda x: torch.cat(collective.all_gather(x)),
    "reduce_scatter": reduce_scatter,
}


def process(rank: int, size: int, folder: str) -> None:
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(29600 + size))
    dist.init_process_group("gloo", rank=rank, world_size=size)
    found = {}
    for name, apply in COLLECTIVES.items():
        x = uniform(f"{name}/{size}/{rank}/x", (ROWS, 3)).requires_grad_()
        y = apply(x)
        dy = uniform(f"{name}/{size}/{rank}/dy", tuple(y.shape))
        y.backward(dy)
        found[name] = {"x": x.detach(), "y": y.detach(), "dy": dy, "dx": x.grad}
    torch.save(found, f"{folder}/{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()


def collectives(size: int, folder: str) -> dict[str, Tensor]:
    mp.spawn(process, (size, folder), nprocs=size)
    ranks = [torch.load(f"{folder}/{rank}.pt") for rank in range(size)]
    return {
        f"{name}/{size}/{key}": torch.stack([rank[name][key] for rank in ranks])
        for name in COLLECTIVES
        for key in ranks[0][name]
    }


def batch_norm(name: str, shape: tuple[int, ...]) -> dict[str, Tensor]:
    layer = (torch.nn.BatchNorm1d if len(shape) == 2 else torch.nn.BatchNorm2d)(shape[1]).double().train()
    with torch.no_grad():
        layer.weight.copy_(uniform(f"{name}/weight", (shape[1],), 0.5, 1.0))
        layer.bias.copy_(uniform(f"{name}/bias", (shape[1],)))
    found = {}
    for step in range(2):
        layer.zero_grad()
        # Samples of different processes have different means.
        x = uniform(f"{name}/{step}/x", shape) + torch.linspace(-1, 2, shape[0]).double().reshape(-1, *[1] * (len(shape) - 1))
        x = x.float().double().requires_grad_()
        y = layer(x)
        dy = uniform(f"{name}/{step}/dy", shape)
        y.backward(dy)
        found |= {f"{step}/x": x.detach()}
    return {
        f"batch_norm/{name}/{key}": value.detach().clone()
        for key, value in {
            **found,
            **{"weight": layer.weight, "bias": layer.bias, "dy": dy, "y": y, "dx": x.grad},
            **{"dweight": layer.weight.grad, "dbias": layer.bias.grad},
            **{"running_mean": layer.running_mean, "running_var": layer.running_var},
        }.items()
    }


def main() -> None:
    tensors = {}
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            tensors |= collectives(size, folder)
    for name, shape in SHAPES.items():
        tensors |= batch_norm(name, shape)
    save_file(tensors, GOLDEN.with_suffix(".safetensors"))
    sidecar = {
        "command": "python reference/collective_gradients.py",
        "seed": None,
        "versions": {
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
        },
        "description": "Collectives of 2 and 3 processes and their gradients, and batch norm of a whole batch, in float64.",
    }
    GOLDEN.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
