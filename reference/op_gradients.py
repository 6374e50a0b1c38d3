"""Writes fixtures/golden/op_gradients.safetensors: operators and their gradients as PyTorch computes them in float64.

Of each case the golden holds the inputs `CASE/in/NAME`, the output `CASE/out`, the gradient `CASE/seed` that it was
seeded with, and the gradients by the inputs `CASE/gradient/NAME`. Inputs are numbers that float32 holds exactly.
"""

import json
import platform
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import safetensors
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

PATH = Path(__file__).parents[1] / "fixtures" / "golden" / "op_gradients"
SEED = 0

Tensor = torch.Tensor
Inputs = dict[str, Tensor]

generator = torch.Generator().manual_seed(SEED)


def normal(*shape: int) -> Tensor:
    return torch.randn(shape, generator=generator).double()


def positive(*shape: int) -> Tensor:
    return 2 * uniform(*shape) + 0.25


def uniform(*shape: int) -> Tensor:
    return torch.rand(shape, generator=generator).double()


def coarse(*shape: int) -> Tensor:
    """Quarters between -1 and 1, so that there are zeros, ties and numbers on bounds."""
    return (torch.randint(-4, 5, shape, generator=generator) / 4).double()


def integers(*values: int) -> Tensor:
    return torch.tensor(values)


Case = tuple[Callable[..., Tensor], Inputs]


def elementwise() -> dict[str, Case]:
    def unary(function: Callable[[Tensor], Tensor], x: Tensor) -> Case:
        return function, {"x": x}

    def binary(function: Callable[[Tensor, Tensor], Tensor], a: Tensor, b: Tensor) -> Case:
        return function, {"a": a, "b": b}

    return {
        "add": binary(torch.add, normal(2, 3, 5), normal(3, 1)),
        "sub": binary(torch.sub, normal(2, 3, 5), normal(3, 1)),
        "mul": binary(torch.mul, normal(2, 3, 5), normal(3, 1)),
        "div": binary(torch.div, normal(2, 3, 5), positive(3, 1)),
        "pow": binary(torch.pow, positive(3, 5), normal(5)),
        "pow_3": unary(lambda x: x**3, normal(3, 5)),
        "maximum": binary(torch.maximum, coarse(4, 6), coarse(6)),
        "minimum": binary(torch.minimum, coarse(4, 6), coarse(6)),
        "where": (lambda c, a, b: torch.where(c > 0, a, b), {"c": normal(3, 5), "a": normal(3, 5), "b": normal(5)}),
        "neg": unary(torch.neg, normal(3, 5)),
        "abs": unary(torch.abs, coarse(3, 5)),
        "sqrt": unary(torch.sqrt, positive(3, 5)),
        "reciprocal": unary(torch.reciprocal, positive(3, 5)),
        "exp": unary(torch.exp, normal(3, 5)),
        "log": unary(torch.log, positive(3, 5)),
        "erf": unary(torch.erf, normal(3, 5)),
        "tanh": unary(torch.tanh, normal(3, 5)),
        "sigmoid": unary(torch.sigmoid, normal(3, 5)),
        "relu": unary(torch.relu, coarse(4, 6)),
        "leaky_relu": unary(lambda x: F.leaky_relu(x, 0.2), coarse(4, 6)),
        "softplus": unary(F.softplus, 8 * normal(3, 5)),
        "silu": unary(F.silu, 3 * normal(3, 5)),
        "quick_gelu": unary(lambda x: x * torch.sigmoid(1.702 * x), 3 * normal(3, 5)),
        "gelu": unary(F.gelu, 3 * normal(3, 5)),
        "gelu_tanh": unary(lambda x: F.gelu(x, approximate="tanh"), 3 * normal(3, 5)),
        "sin": unary(torch.sin, normal(3, 5)),
        "cos": unary(torch.cos, normal(3, 5)),
        "clip": unary(lambda x: torch.clamp(x, -0.5, 0.75), coarse(4, 6)),
        "dropout": (lambda x, u: x * (u >= 0.25) / 0.75, {"x": normal(3, 5), "u": uniform(3, 1)}),
    }


def reductions() -> dict[str, Case]:
    def of(function: Callable[[Tensor], Tensor], x: Tensor) -> Case:
        return function, {"x": x}

    affine = {"scale": normal(6), "bias": normal(6)}
    zero = torch.cat([normal(3, 5), torch.zeros(1, 5).double()])
    short = torch.cat([zero, 0.1 * normal(3, 5)])
    return {
        "reduce_sum": of(lambda x: x.sum((0, 2)), normal(2, 3, 5)),
        "reduce_sum_leading": of(lambda x: x.sum((0, 1)), normal(2, 3, 5)),
        "reduce_mean": of(lambda x: x.mean((0, 2)), normal(2, 3, 5)),
        "reduce_mean_leading": of(lambda x: x.mean((0, 1)), normal(2, 3, 5)),
        "reduce_max": of(lambda x: x.amax((0, 2)), coarse(2, 3, 5)),
        "reduce_min": of(lambda x: x.amin(1, keepdim=True), coarse(2, 7, 3)),
        "reduce_l2": of(lambda x: torch.linalg.vector_norm(x, dim=1), zero),
        "log_sum_exp": of(lambda x: x.logsumexp(1), 5 * normal(2, 3, 5)),
        "softmax": of(lambda x: x.softmax(1), 3 * normal(2, 5, 3)),
        "log_softmax": of(lambda x: x.log_softmax(-1), 3 * normal(2, 3, 5)),
        "l2_normalize": of(lambda x: F.normalize(x, dim=1), normal(2, 5, 3)),
        "l2_normalize_below_epsilon": of(lambda x: F.normalize(x, dim=1, eps=0.5), short),
        "layer_normalization": (
            lambda x, scale, bias: F.layer_norm(x, (6,), scale, bias, 1e-6),
            {"x": normal(2, 3, 6) + 2, **affine},
        ),
        "group_normalization": (
            lambda x, scale, bias: F.group_norm(x, 3, scale, bias, 1e-5),
            {"x": normal(2, 6, 3, 2) + 2, **affine},
        ),
    }


def matrices() -> dict[str, Case]:
    heads = {"q": normal(2, 2, 5, 3), "k": normal(2, 2, 4, 3), "v": normal(2, 2, 4, 2)}
    return {
        "mat_mul": (torch.matmul, {"a": normal(3, 5), "b": normal(5, 2)}),
        "mat_mul_rows": (torch.matmul, {"a": normal(4, 3, 5), "b": normal(5, 2)}),
        "mat_mul_stretched": (torch.matmul, {"a": normal(2, 1, 3, 5), "b": normal(3, 5, 2)}),
        "mat_mul_transposed": (lambda a, b: 0.3 * a.mT @ b.mT, {"a": normal(2, 5, 3), "b": normal(2, 4, 5)}),
        "gemm": (
            lambda a, b, c: torch.addmm(c, a.mT, b.mT, beta=0.5, alpha=2),
            {"a": normal(5, 3), "b": normal(2, 5), "c": normal(2)},
        ),
        "scaled_dot_product_attention": (F.scaled_dot_product_attention, heads),
        "scaled_dot_product_attention_masked": (
            lambda q, k, v, mask: F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=0.7),
            {"q": normal(2, 5, 3), "k": normal(2, 4, 3), "v": normal(2, 4, 2), "mask": normal(5, 4)},
        ),
    }


def shapes() -> dict[str, Case]:
    rows = integers(0, 3, 3, 1, 0)
    columns = torch.tensor([[0, 2, 3], [1, 0, 1]])

    def resized(mode: str, size: tuple[int, int], x: Tensor, **options: bool) -> Case:
        return lambda x: F.interpolate(x, size, mode=mode, **options), {"x": x}

    down, up = (3, 4), (7, 12)
    return {
        "transpose": (lambda x: x.permute(2, 0, 1), {"x": normal(2, 3, 5)}),
        "expand": (lambda x: x.expand(2, 3, 5), {"x": normal(3, 1)}),
        "concat": (lambda a, b: torch.cat([a, b, a], 1), {"a": normal(2, 3), "b": normal(2, 1)}),
        "slice": (lambda x: x[1:5:2, 1::3], {"x": normal(5, 7)}),
        "slice_backwards": (lambda x: x[1:8].flip(0)[::3], {"x": normal(9, 2)}),
        "pad": (lambda x: F.pad(x, (1, 0, 0, 3), value=2), {"x": normal(2, 3)}),
        "gather": (lambda x, i: x[:, i], {"x": normal(2, 5, 3), "i": rows}),
        "gather_unique": (lambda x, i: x[:, i], {"x": normal(2, 5, 3), "i": integers(4, 0, 3)}),
        "gather_elements": (lambda x, i: x.gather(0, i), {"x": normal(4, 3), "i": columns}),
        "scatter_elements": (
            lambda x, i, u: x.scatter(0, i, u),
            {"x": normal(4, 3), "i": columns, "u": normal(2, 3)},
        ),
        "scatter_elements_add": (
            lambda x, i, u: x.scatter_add(1, i, u),
            {"x": normal(2, 5), "i": torch.tensor([[4, 4], [0, 1]]), "u": normal(2, 2)},
        ),
        "scatter_rows": (
            lambda x, i, u: x.index_copy(0, i, u),
            {"x": normal(4, 3), "i": integers(2, 0), "u": normal(2, 3)},
        ),
        "resize_nearest": resized("nearest", (6, 15), normal(2, 1, 3, 5)),
        "resize_linear": resized("bilinear", up, normal(2, 1, 3, 5)),
        "resize_linear_down": resized("bilinear", down, normal(2, 1, 7, 9)),
        "resize_cubic": resized("bicubic", up, normal(2, 1, 3, 5)),
        "resize_cubic_down": resized("bicubic", down, normal(2, 1, 7, 9)),
        "resize_linear_antialias": resized("bilinear", down, normal(2, 1, 7, 9), antialias=True),
        "resize_cubic_antialias": resized("bicubic", down, normal(2, 1, 7, 9), antialias=True),
        "resize_cubic_antialias_up": resized("bicubic", up, normal(2, 1, 3, 5), antialias=True),
        "pad_reflect": (
            lambda x: F.pad(x, (3, 2, 1, 2), mode="reflect"),
            {"x": normal(2, 1, 3, 4)},
        ),
        "pad_edge": (
            lambda x: F.pad(x, (3, 0, 1, 5), mode="replicate"),
            {"x": normal(2, 1, 3, 4)},
        ),
    }


def later() -> Iterator[tuple[str, Case]]:
    """Cases that were added, each after the others: it draws its numbers when they are done, so that they stay the same."""

    def nearest(size: tuple[int, int], x: Tensor) -> Case:
        return lambda x: F.interpolate(x, size, mode="nearest"), {"x": x}

    def in_parts(x: Tensor) -> Tensor:
        first, second = x.reshape(6, 10).split([3, 7], 1)
        return first.repeat(1, 2) * second[:, 1:]

    def attention(*tensors: Tensor) -> Tensor:
        q, k, v = (x.unflatten(-1, (3, 2)).transpose(1, 2) for x in tensors)
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)

    yield "resize_nearest_down", nearest((2, 5), normal(2, 3, 14, 9))
    yield "resize_nearest_up", nearest((16, 11), normal(1, 2, 14, 3))
    yield "resize_nearest_repeated", nearest((3, 82), normal(1, 2, 1, 2))
    yield "reshape_and_split", (in_parts, {"x": normal(3, 4, 5)})
    yield "squeeze_unsqueeze_and_flatten", (
        lambda x: (x.squeeze(1).unsqueeze(2) * x).flatten(1),
        {"x": normal(3, 1, 5)},
    )
    yield "cast_and_identity", (lambda x: (x.clone() * x).float().double() * x, {"x": normal(3, 5)})
    yield "global_average_pool", (
        lambda x: F.adaptive_avg_pool2d(x, 1).flatten(1),
        {"x": normal(2, 3, 5, 7)},
    )
    yield "multi_head_attention", (
        attention,
        {"q": normal(2, 5, 6), "k": normal(2, 7, 6), "v": normal(2, 7, 6)},
    )
    bases = torch.tensor([0, 0, 0, 0, 1.5, 0.5]).double()
    yield "pow_at_zero", (torch.pow, {"a": bases, "b": torch.tensor([0, 1, 2, 3, 0, -1]).double()})
    yield "pow_0", (lambda x: x**0, {"x": bases})


def leaf(x: Tensor) -> Tensor:
    return x.float().double().requires_grad_() if x.is_floating_point() else x


def measure(function: Callable[..., Tensor], inputs: Inputs) -> dict[str, Tensor]:
    given = {name: leaf(x) for name, x in inputs.items()}
    out = function(*given.values())
    seed = normal(*out.shape)
    out.backward(seed)
    return {
        **{f"in/{name}": x.detach() for name, x in given.items()},
        "out": out.detach(),
        "seed": seed,
        **{f"gradient/{name}": x.grad for name, x in given.items() if x.grad is not None},
    }


def main() -> None:
    tensors = {}
    first = elementwise() | reductions() | matrices() | shapes()
    for name, (function, inputs) in chain(first.items(), later()):
        for part, value in measure(function, inputs).items():
            tensors[f"{name}/{part}"] = value.clone(memory_format=torch.contiguous_format)
    save_file(tensors, PATH.with_suffix(".safetensors"))
    sidecar = {
        "command": "python reference/op_gradients.py",
        "seed": SEED,
        "versions": {
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
        },
        "description": "Operators: inputs, outputs and gradients in float64.",
    }
    PATH.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
