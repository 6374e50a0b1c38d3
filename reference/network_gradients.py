"""Writes fixtures/golden/network_*.safetensors: outputs, running statistics and gradients of networks in float64.

The networks are torchvision's, timm's and PyTorch's own modules. Parameters and inputs are hashed values, of which the
golden holds the seed alone. Of a large gradient it holds some elements and the norm. Where there are ReLUs and
max-pools, the inputs' seed is the first that keeps every choice they make clear of rounding in float32.
"""

import json
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import safetensors
import timm
import torch
import torch.nn.functional as F
import torchvision
from safetensors.torch import save_file
from timm.layers import build_sincos2d_pos_embed, resample_abs_pos_embed
from timm.models.convnext import ConvNeXt
from timm.models.vision_transformer import VisionTransformer
from torch import nn
from torchvision.models.resnet import Bottleneck

from hashed_values import load, sampled_indices, uniform

FOLDER = Path(__file__).parents[1] / "fixtures" / "golden"
SAMPLES = 512
MARGIN = 1e-5
SEEDS = 2000

Outputs = dict[str, torch.Tensor]


@dataclass
class Case:
    """A network, its inputs' shapes, and a pass from inputs to named outputs, one of which may be the loss."""

    name: str
    description: str
    network: nn.Module
    inputs: dict[str, tuple[int, ...]]
    forward: Callable[[nn.Module, dict[str, torch.Tensor]], Outputs] = field(
        default=lambda network, inputs: {"features": network(inputs["images"])}
    )


def inputs_of(case: Case, seed: int) -> dict[str, torch.Tensor]:
    return {name: uniform(f"{seed}/{name}", shape) for name, shape in case.inputs.items()}


def pool_margin(x: torch.Tensor, pool: nn.MaxPool2d) -> torch.Tensor:
    """The least distance of a window's largest value to its second, of those that are above zero."""
    padded = F.pad(x, [pool.padding] * 4, value=float("-inf"))
    windows = padded.unfold(2, pool.kernel_size, pool.stride).unfold(3, pool.kernel_size, pool.stride).flatten(4)
    first, second = windows.topk(2, dim=-1).values.unbind(-1)
    return (first - second)[first > 0].min()


def margin(case: Case, seed: int) -> float:
    """How close a ReLU's input comes to zero in the training pass, and a max-pool's values to each other."""
    margins: list[torch.Tensor] = []
    handles = [
        module.register_forward_pre_hook(
            lambda module, given: margins.append(
                given[0].abs().min() if isinstance(module, nn.ReLU) else pool_margin(given[0], module)
            )
        )
        for module in case.network.modules()
        if isinstance(module, (nn.ReLU, nn.MaxPool2d))
    ]
    with torch.no_grad():
        case.forward(case.network.train(), inputs_of(case, seed))
    for handle in handles:
        handle.remove()
    return min((value.item() for value in margins), default=float("inf"))


def first_clear_seed(case: Case) -> tuple[int, float]:
    for seed in range(SEEDS):
        clear = margin(case, seed)
        if clear >= MARGIN:
            return seed, clear
    raise RuntimeError(f"{case.name}: no seed below {SEEDS} keeps ReLUs and max-pools {MARGIN} clear")


def loss_of(outputs: Outputs) -> torch.Tensor:
    """The output named loss, or the sum of the features times hashed values."""
    if "loss" in outputs:
        return outputs["loss"]
    features = outputs["features"]
    return (features * uniform("cotangent", tuple(features.shape))).sum()


def narrow(value: torch.Tensor) -> torch.Tensor:
    return value.float() if value.is_floating_point() else value


def gradients(network: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    for name, value in network.named_parameters():
        gradient = value.grad.flatten()
        samples = torch.from_numpy(sampled_indices(name, gradient.numel(), SAMPLES))
        yield f"gradient/{name}", gradient[samples].float()
        yield f"norm/{name}", gradient.norm()


def measure(case: Case, seed: int) -> dict[str, torch.Tensor]:
    inputs, network = inputs_of(case, seed), case.network
    load(network)
    with torch.no_grad():
        evaluated = case.forward(network.eval(), inputs)
    network.zero_grad()
    trained = case.forward(network.train(), inputs)
    loss = loss_of(trained)
    loss.backward()
    golden = {f"evaluate/{name}": value.float() for name, value in evaluated.items() if name != "loss"}
    golden |= {f"train/{name}": value.detach().float() for name, value in trained.items() if name != "loss"}
    golden |= {f"buffer/{name}": narrow(value) for name, value in network.named_buffers()}
    return golden | {"loss": loss.detach()} | dict(gradients(network))


def write(
    name: str, description: str, seed: int | None, tensors: dict[str, torch.Tensor], more: dict[str, object]
) -> None:
    path = FOLDER / f"{name}.safetensors"
    save_file({key: value.contiguous().clone() for key, value in tensors.items()}, path)
    assert path.stat().st_size < 2_000_000, path
    sidecar = {
        "command": "python reference/network_gradients.py",
        "seed": seed,
        "versions": {
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "timm": timm.__version__,
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
        "description": description,
        **more,
    }
    path.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


def resnet18() -> nn.Module:
    network = torchvision.models.resnet18()
    network.fc = nn.Identity()
    return network


def resnet18_small() -> nn.Module:
    network = resnet18()
    network.conv1 = nn.Conv2d(3, 64, 3, stride=1, padding=1, bias=False)
    network.maxpool = nn.Identity()
    return network


def bottlenecks() -> nn.Module:
    """The first two blocks of a stage, as torchvision's ResNet._make_layer joins them."""
    downsample = nn.Sequential(nn.Conv2d(24, 64, 1, stride=2, bias=False), nn.BatchNorm2d(64))
    return nn.Sequential(Bottleneck(24, 16, stride=2, downsample=downsample), Bottleneck(64, 16))


def vision_transformer(**options: object) -> nn.Module:
    return VisionTransformer(
        img_size=(16, 24), patch_size=4, embed_dim=48, depth=2, num_heads=3, num_classes=0, **options
    )


def vision_transformer_of_any_size() -> nn.Module:
    return VisionTransformer(
        img_size=16, patch_size=4, embed_dim=48, depth=2, num_heads=3, num_classes=0, dynamic_img_size=True
    )


def of_all_sizes(network: nn.Module, inputs: dict[str, torch.Tensor]) -> Outputs:
    return {"features": torch.cat([network(images) for images in inputs.values()])}


def convnext() -> nn.Module:
    return ConvNeXt(depths=(1, 1, 2, 1), dims=(8, 16, 24, 32), num_classes=0, norm_eps=1e-6)


def heads() -> nn.Module:
    """SimSiam's projector and predictor (Chen & He 2021, section 3), narrow."""
    projector = nn.Sequential()
    for i, (before, after) in enumerate([(24, 32), (32, 32), (32, 40)]):
        if i > 0:
            projector.add_module(f"relu{i}", nn.ReLU())
        projector.add_module(f"fc{i}", nn.Linear(before, after, bias=False))
        projector.add_module(f"bn{i}", nn.BatchNorm1d(after, affine=i < 2))
    predictor = nn.Sequential()
    predictor.add_module("fc0", nn.Linear(40, 12, bias=False))
    predictor.add_module("bn0", nn.BatchNorm1d(12))
    predictor.add_module("relu1", nn.ReLU())
    predictor.add_module("fc1", nn.Linear(12, 40))
    return nn.ModuleDict({"projector": projector, "predictor": predictor})


def similarity(network: nn.Module, inputs: dict[str, torch.Tensor]) -> Outputs:
    """SimSiam's loss (equation 2 of the paper) of two views through shared heads, one after the other."""
    left, right = (network["projector"](inputs[name]) for name in ("left", "right"))
    to_right, to_left = network["predictor"](left), network["predictor"](right)
    toward_right = F.cosine_similarity(to_right, right.detach()).mean()
    toward_left = F.cosine_similarity(to_left, left.detach()).mean()
    return {"projection": left, "prediction": to_left, "loss": -(toward_right + toward_left) / 2}


def cases() -> list[Case]:
    feature_map = Case("network_bottleneck", "", bottlenecks(), {"images": (4, 24, 10, 8)})
    feature_map.description = "torchvision's Bottleneck, a strided block with a downsample path and a plain one."
    return [
        Case("network_resnet18", "torchvision's resnet18 without fc.", resnet18(), {"images": (4, 3, 40, 40)}),
        Case(
            "network_resnet18_small",
            "torchvision's resnet18 without fc and max-pool, with a 3x3 stem of stride 1.",
            resnet18_small(),
            {"images": (4, 3, 12, 12)},
        ),
        feature_map,
        Case(
            "network_vision_transformer",
            "timm's VisionTransformer: images of 16x24, patches of 4, width 48, 2 blocks, 3 heads, class token.",
            vision_transformer(),
            {"images": (3, 3, 16, 24)},
        ),
        Case(
            "network_vision_transformer_mean",
            "The same pooled by the mean of the patches' tokens, with layer scale.",
            vision_transformer(global_pool="avg", init_values=1e-5),
            {"images": (3, 3, 16, 24)},
        ),
        Case(
            "network_vision_transformer_sizes",
            "timm's VisionTransformer with dynamic_img_size: positions for 16x16, images of 16x16, 8x8, 24x24 and 12x20.",
            vision_transformer_of_any_size(),
            {"global": (2, 3, 16, 16), "local": (3, 3, 8, 8), "large": (1, 3, 24, 24), "wide": (1, 3, 12, 20)},
            of_all_sizes,
        ),
        Case(
            "network_convnext",
            "timm's ConvNeXt of depths 1, 1, 2, 1 and widths 8, 16, 24, 32.",
            convnext(),
            {"images": (2, 3, 64, 64)},
        ),
        Case(
            "network_mlp",
            "SimSiam's projector 24-32-32-40 and predictor 40-12-40 on two views.",
            heads(),
            {"left": (16, 24), "right": (16, 24)},
            similarity,
        ),
    ]


def resampled_positions() -> Iterator[tuple[str, torch.Tensor]]:
    """Positions for 14x14 patches at other grids, and the gradient of their sum times hashed values by the table."""
    for height, width in [(6, 6), (24, 24), (14, 7), (10, 16)]:
        table = uniform("positions", (1, 197, 4)).requires_grad_()
        made = resample_abs_pos_embed(table, new_size=[height, width])
        (made * uniform("cotangent", tuple(made.shape))).sum().backward()
        yield f"{height}x{width}", made.detach().float()
        yield f"gradient/{height}x{width}", table.grad.float()


def main() -> None:
    for case in cases():
        load(case.network.double())
        seed, clear = first_clear_seed(case)
        more = {"inputs": case.inputs, "samples": SAMPLES, "margin": None if clear == float("inf") else clear}
        write(case.name, f"{case.description} Gradients in float64.", seed, measure(case, seed), more)
        print(case.name, "seed", seed, "margin", clear)
    tables = {
        f"{height}x{width}": build_sincos2d_pos_embed([height, width], 16, reverse_coord=True, interleave_sin_cos=True)
        for height, width in [(4, 4), (2, 3)]
    }
    resampled = dict(resampled_positions())
    write("network_positions", "timm's resample_abs_pos_embed from 14x14 patches, and gradients.", None, resampled, {})
    write("network_sine_cosine", "timm's fixed 2-D position embeddings in MoCo v3's order.", None, tables, {})


if __name__ == "__main__":
    main()
