"""Writes fixtures/golden/conv_windows.safetensors: convolutions, pools and batch normalisation with their gradients.

Everything is PyTorch's, in float64, of inputs that float32 holds exactly. The sidecar lists the cases with their
options; the tensors of case `name` are `name/x`, `name/w` and so on, gradients `name/dx`. Pools are given distinct
elements, except for one case of ties.
"""

import json
import platform
from pathlib import Path

import safetensors
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden" / "conv_windows"
SEED = 20

# x, w, and what differs from strides 1, pads 0, dilations 1, one group, no bias; pads are begins, then ends.
CONVOLUTIONS = {
    "conv 3x3": ((2, 5, 7, 9), (4, 5, 3, 3), {"pads": [1, 1, 1, 1], "bias": True}),
    "conv 3x3 stride 2": ((2, 3, 8, 11), (5, 3, 3, 3), {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
    "conv 3x3 stride 2 even": ((2, 16, 6, 6), (32, 16, 3, 3), {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
    "conv 7x7 stride 2": ((1, 3, 15, 13), (4, 3, 7, 7), {"strides": [2, 2], "pads": [3, 3, 3, 3]}),
    "conv 1x1": ((3, 7, 5, 3), (6, 7, 1, 1), {"bias": True}),
    "conv 1x1 blocks": ((2, 32, 5, 5), (16, 32, 1, 1), {}),
    "conv 1x1 stride 2": ((2, 6, 7, 8), (5, 6, 1, 1), {"strides": [2, 2]}),
    "conv asymmetric": (
        (2, 3, 9, 8),
        (4, 3, 3, 2),
        {"strides": [2, 3], "pads": [0, 2, 1, 1], "dilations": [2, 1]},
    ),
    "conv dilated": ((1, 4, 11, 13), (3, 4, 3, 3), {"pads": [1, 3, 2, 1], "dilations": [2, 3]}),
    "conv wide padding": ((1, 4, 4, 5), (3, 4, 2, 2), {"pads": [2, 2, 2, 2]}),
    "conv groups": ((2, 6, 5, 7), (9, 2, 3, 3), {"pads": [1, 1, 1, 1], "group": 3, "bias": True}),
    "conv groups stride 2": (
        (2, 8, 9, 6),
        (6, 4, 3, 2),
        {"strides": [2, 2], "pads": [1, 0, 0, 1], "group": 2},
    ),
    "conv depthwise": ((2, 5, 8, 9), (5, 1, 5, 3), {"pads": [2, 1, 2, 1], "group": 5}),
    "conv depthwise 7x7": ((2, 16, 6, 5), (16, 1, 7, 7), {"pads": [3, 3, 3, 3], "group": 16, "bias": True}),
    "conv depthwise multiplied": (
        (2, 3, 7, 7),
        (6, 1, 3, 3),
        {"strides": [2, 2], "pads": [1, 1, 1, 1], "group": 3},
    ),
    "conv images": ((2, 3, 9, 9), (16, 3, 7, 7), {"strides": [2, 2], "pads": [3, 3, 3, 3]}),
    "conv patches": ((2, 3, 12, 8), (10, 3, 4, 4), {"strides": [4, 4], "bias": True}),
    "conv blocks": ((3, 16, 6, 5), (32, 16, 3, 3), {"pads": [1, 1, 1, 1]}),
    "conv 1 axis": (
        (3, 4, 17),
        (6, 2, 5),
        {"strides": [3], "pads": [2, 1], "dilations": [2], "group": 2, "bias": True},
    ),
    "conv 1 axis plain": ((2, 3, 9), (4, 3, 3), {"pads": [1, 1]}),
}
# Maps with fewer pixels than the kernel has elements, drawn apart so that the others stay as they are.
SMALL_CONVOLUTIONS = {
    "conv four pixels": ((3, 5, 2, 2), (4, 5, 3, 3), {"pads": [1, 1, 1, 1], "bias": True}),
    "conv four pixels stride 2": ((3, 4, 2, 2), (6, 4, 3, 3), {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
    "conv one pixel": ((3, 5, 1, 1), (4, 5, 3, 3), {"pads": [1, 1, 1, 1]}),
    "conv dilated over four pixels": (
        (2, 3, 2, 2),
        (4, 3, 3, 2),
        {"strides": [1, 2], "pads": [2, 0, 1, 3], "dilations": [1, 2]},
    ),
}
TRANSPOSED = {
    "transposed": ((2, 4, 5, 6), (4, 3, 3, 3), {"strides": [2, 2], "pads": [1, 1, 1, 1], "bias": True}),
    "transposed output padding": (
        (1, 4, 3, 5),
        (4, 5, 3, 2),
        {"strides": [3, 2], "pads": [1, 0, 1, 0], "output_padding": [2, 1]},
    ),
    "transposed dilated groups": (
        (2, 6, 5, 4),
        (6, 2, 3, 2),
        {"pads": [1, 1, 1, 1], "dilations": [2, 3], "group": 3},
    ),
    "transposed 1 axis": ((2, 3, 7), (3, 4, 4), {"strides": [2], "pads": [1, 1], "bias": True}),
}
MAX_POOLS = {
    "max pool": ((2, 3, 9, 8), {"kernel": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    "max pool tiles": ((2, 3, 7, 6), {"kernel": [2, 2], "strides": [2, 2]}),
    "max pool ceil": ((1, 2, 8, 7), {"kernel": [3, 2], "strides": [3, 2], "pads": [1, 0, 1, 0], "ceil": True}),
    "max pool ceil dilated": ((1, 2, 10, 9), {"kernel": [3, 2], "strides": [2, 2], "dilations": [2, 3], "ceil": True}),
    "max pool 1 axis": ((2, 3, 11), {"kernel": [4], "strides": [2], "pads": [2, 2]}),
    "max pool ties": ((1, 2, 6, 6), {"kernel": [3, 3], "strides": [1, 1], "pads": [1, 1, 1, 1]}),
}
AVERAGE_POOLS = {
    "average pool": ((2, 3, 9, 8), {"kernel": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    "average pool inside": (
        (2, 3, 9, 8),
        {"kernel": [3, 2], "strides": [1, 2], "pads": [1, 1, 1, 1], "count_include_pad": False},
    ),
    "average pool tiles": ((2, 3, 7, 6), {"kernel": [2, 3], "strides": [2, 3]}),
    "average pool 1 axis": ((2, 3, 11), {"kernel": [4], "strides": [3]}),
}
# Windows over the end, drawn apart so that the cases above stay as they are. In those that say "padding" the last
# window would begin in the padding after the input, so there is none.
CEIL_MAX_POOLS = {
    "max pool ceil padding kernel 1": ((2, 3, 4), {"kernel": [1], "strides": [2], "ceil": True}),
    "max pool ceil padding 1 axis": ((1, 2, 13), {"kernel": [2], "strides": [3], "pads": [1, 1], "ceil": True}),
    "max pool ceil padding": ((1, 2, 5, 5), {"kernel": [2, 2], "strides": [2, 2], "pads": [1, 1, 1, 1], "ceil": True}),
    "max pool ceil padding on one axis": (
        (1, 2, 5, 8),
        {"kernel": [2, 3], "strides": [2, 2], "pads": [1, 0, 1, 0], "ceil": True},
    ),
    "max pool ceil padding dilated": (
        (1, 2, 9, 10),
        {"kernel": [2, 2], "strides": [5, 4], "pads": [1, 1, 1, 1], "dilations": [2, 3], "ceil": True},
    ),
}
CEIL_AVERAGE_POOLS = {
    "average pool ceil": ((2, 3, 8, 7), {"kernel": [3, 2], "strides": [3, 2], "pads": [1, 0, 1, 0], "ceil": True}),
    "average pool ceil inside": (
        (2, 3, 8, 7),
        {"kernel": [3, 2], "strides": [3, 2], "pads": [1, 0, 1, 0], "ceil": True, "count_include_pad": False},
    ),
    "average pool ceil overlapping": ((1, 2, 8, 9), {"kernel": [4, 3], "strides": [3, 2], "pads": [2, 1, 2, 1], "ceil": True}),
    "average pool ceil tiles": ((2, 3, 7, 8), {"kernel": [2, 3], "strides": [2, 3], "ceil": True}),
    "average pool ceil tiles inside": (
        (2, 3, 7, 8),
        {"kernel": [2, 3], "strides": [2, 3], "ceil": True, "count_include_pad": False},
    ),
    "average pool ceil padding kernel 1": ((2, 3, 4), {"kernel": [1], "strides": [2], "ceil": True}),
    "average pool ceil padding 1 axis": ((1, 2, 13), {"kernel": [2], "strides": [3], "pads": [1, 1], "ceil": True}),
    "average pool ceil padding": ((1, 2, 5, 5), {"kernel": [2, 2], "strides": [2, 2], "pads": [1, 1, 1, 1], "ceil": True}),
}
# Shape, offset of x in units of its deviation, whether there are a scale and a bias, whether statistics are given.
NORMALISATIONS = {
    "batch norm": ((4, 3, 5, 6), 0.5, True, False),
    "batch norm features": ((9, 4), 0.5, True, False),
    "batch norm plain": ((3, 4, 7), 0.5, False, False),
    "batch norm large": ((2, 3, 37, 31), 0.5, True, False),
    "batch norm far": ((2, 3, 36, 32), 16.0, True, False),
    "batch norm inference": ((4, 3, 5, 6), 0.5, True, True),
}


def normal(generator: torch.Generator, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=generator).double()


def distinct(generator: torch.Generator, shape: tuple[int, ...]) -> torch.Tensor:
    count = torch.Size(shape).numel()
    return ((torch.randperm(count, generator=generator) - count // 2) / 8).reshape(shape).double()


def padded(x: torch.Tensor, pads: list[int], value: float = 0.0) -> torch.Tensor:
    rank = x.dim() - 2
    flat = [n for axis in reversed(range(rank)) for n in (pads[axis], pads[rank + axis])]
    return F.pad(x, flat, value=value)


def differentiate(
    name: str,
    inputs: dict[str, torch.Tensor],
    outputs: dict[str, torch.Tensor],
    generator: torch.Generator,
) -> dict[str, torch.Tensor]:
    """Inputs, outputs, a gradient by the first output, and the gradients by the inputs that require one."""
    y = next(iter(outputs.values()))
    dy = normal(generator, *y.shape)
    y.backward(dy)
    found = {**inputs, **outputs, "dy": dy}
    found |= {f"d{key}": value.grad for key, value in inputs.items() if value.requires_grad}
    single = {*inputs, "dy"}
    return {
        f"{name}/{key}": value.detach().to(torch.float32 if key in single else torch.float64).contiguous()
        for key, value in found.items()
    }


def convolution(name: str, shapes: tuple, generator: torch.Generator, transposed: bool) -> dict:
    x_shape, w_shape, options = shapes
    rank = len(x_shape) - 2
    strides, dilations = options.get("strides", [1] * rank), options.get("dilations", [1] * rank)
    pads, group = options.get("pads", [0] * 2 * rank), options.get("group", 1)
    inputs = {"x": normal(generator, *x_shape), "w": normal(generator, *w_shape)}
    if options.get("bias"):
        inputs["b"] = normal(generator, w_shape[1] * group if transposed else w_shape[0])
    for value in inputs.values():
        value.requires_grad_()
    x, w, b = inputs["x"], inputs["w"], inputs.get("b")
    if transposed:
        function = F.conv_transpose1d if rank == 1 else F.conv_transpose2d
        output_padding = options.get("output_padding", [0] * rank)
        y = function(x, w, b, strides, pads[:rank], output_padding, group, dilations)
    else:
        function = F.conv1d if rank == 1 else F.conv2d
        y = function(padded(x, pads), w, b, strides, 0, dilations, group)
    return differentiate(name, inputs, {"y": y}, generator)


def max_pool(name: str, given: tuple, generator: torch.Generator) -> dict:
    shape, options = given
    rank = len(shape) - 2
    x = distinct(generator, shape)
    if name.endswith("ties"):
        x = (x / 4).round()
    x.requires_grad_()
    function = F.max_pool1d if rank == 1 else F.max_pool2d
    pads = options.get("pads", [0] * 2 * rank)
    dilations = options.get("dilations", [1] * rank)
    ceil = options.get("ceil", False)
    y = function(x, options["kernel"], options["strides"], pads[:rank], dilations, ceil_mode=ceil)
    return differentiate(name, {"x": x}, {"y": y}, generator)


def average_pool(name: str, given: tuple, generator: torch.Generator) -> dict:
    shape, options = given
    rank = len(shape) - 2
    x = normal(generator, *shape).requires_grad_()
    function = F.avg_pool1d if rank == 1 else F.avg_pool2d
    pads = options.get("pads", [0] * 2 * rank)[:rank]
    include = options.get("count_include_pad", True)
    ceil = options.get("ceil", False)
    y = function(x, options["kernel"], options["strides"], pads, ceil, include)
    return differentiate(name, {"x": x}, {"y": y}, generator)


def batch_norm(name: str, given: tuple, generator: torch.Generator) -> dict:
    shape, offset, affine, statistics = given
    x = ((normal(generator, *shape) + offset).float().double()).requires_grad_()
    inputs = {"x": x}
    if affine:
        inputs["scale"] = normal(generator, shape[1]).requires_grad_()
        inputs["bias"] = normal(generator, shape[1]).requires_grad_()
    if statistics:
        inputs["mean"] = normal(generator, shape[1])
        inputs["variance"] = normal(generator, shape[1]).square().float().double()
    y = F.batch_norm(
        x, inputs.get("mean"), inputs.get("variance"), inputs.get("scale"), inputs.get("bias"),
        training=not statistics, eps=1e-5,
    )
    outputs = {"y": y}
    if not statistics:
        axes = [axis for axis in range(x.dim()) if axis != 1]
        outputs |= {"mean": x.mean(axes), "variance": x.var(axes, unbiased=False)}
    return differentiate(name, inputs, outputs, generator)


def main() -> None:
    generator = torch.Generator().manual_seed(SEED)
    tensors = {}
    for name, shapes in CONVOLUTIONS.items():
        tensors |= convolution(name, shapes, generator, transposed=False)
    for name, shapes in TRANSPOSED.items():
        tensors |= convolution(name, shapes, generator, transposed=True)
    for name, given in MAX_POOLS.items():
        tensors |= max_pool(name, given, generator)
    for name, given in AVERAGE_POOLS.items():
        tensors |= average_pool(name, given, generator)
    for name, given in NORMALISATIONS.items():
        tensors |= batch_norm(name, given, generator)
    generator = torch.Generator().manual_seed(SEED + 1)
    for name, given in CEIL_MAX_POOLS.items():
        tensors |= max_pool(name, given, generator)
    for name, given in CEIL_AVERAGE_POOLS.items():
        tensors |= average_pool(name, given, generator)
    generator = torch.Generator().manual_seed(SEED + 2)
    for name, shapes in SMALL_CONVOLUTIONS.items():
        tensors |= convolution(name, shapes, generator, transposed=False)
    save_file(tensors, GOLDEN.with_suffix(".safetensors"))
    sidecar = {
        "command": "python reference/conv_gradients.py",
        "seed": SEED,
        "versions": {
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
        },
        "description": "Convolutions, pools and batch normalisation with their gradients in float64.",
        "convolutions": {name: options for name, (_, _, options) in (CONVOLUTIONS | SMALL_CONVOLUTIONS).items()},
        "transposed": {name: options for name, (_, _, options) in TRANSPOSED.items()},
        "max_pools": {name: options for name, (_, options) in (MAX_POOLS | CEIL_MAX_POOLS).items()},
        "average_pools": {
            name: options for name, (_, options) in (AVERAGE_POOLS | CEIL_AVERAGE_POOLS).items()
        },
    }
    GOLDEN.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
