"""Writes fixtures/golden/clip_towers.safetensors: tokens and embeddings of CLIP's image towers, in float64.

The towers are open_clip's, transformers' and timm's own; each holds hashed values under its own names, of which the
sidecar lists the shapes. Tokens of open_clip's ViT are those that its `output_tokens` gives, of a ConvNeXt those of
timm's `forward_features`.

python reference/clip_towers.py [--full]: with --full, clip_towers_full.safetensors, of ViT-H-14 and convnext_base_w in
their full size, of which the golden holds some tokens' numbers alone.
"""

import json
import platform
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import open_clip
import safetensors
import timm
import torch
import transformers
from open_clip.timm_model import TimmModel
from open_clip.transformer import QuickGELU, VisionTransformer
from safetensors.torch import save_file
from timm.models.convnext import ConvNeXt
from timm.models import register_model
from torch import nn

from hashed_values import parameter, sampled_indices, words

FOLDER = Path(__file__).parents[1] / "fixtures" / "golden"
MEAN, STD = open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD
SAMPLES = 4096

Tokens = Callable[[nn.Module, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


@dataclass
class Case:
    """A tower, the prefix of its names in a file, the side of its images, and what gives tokens and embedding."""

    network: nn.Module
    prefix: str
    size: int
    outputs: Tokens


def pixels(size: int) -> torch.Tensor:
    """Two images of hashed bytes, as the tests compute them, normalised as open_clip's transform does."""
    count = 2 * size * size * 3
    images = torch.from_numpy((words(f"images/{size}", count) >> 24).astype("uint8").reshape(2, size, size, 3))
    scaled = images.permute(0, 3, 1, 2).double() / 255
    return (scaled - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)


def open_clip_transformer(network: nn.Module, images: torch.Tensor):
    network.output_tokens = True
    pooled, tokens = network(images)
    return tokens, pooled


def open_clip_convnext(network: nn.Module, images: torch.Tensor):
    return network.trunk.forward_features(images).flatten(2).mT, network(images)


def timm_convnext(network: nn.Module, images: torch.Tensor):
    return network.forward_features(images).flatten(2).mT, network(images)


def transformers_tower(network: nn.Module, images: torch.Tensor):
    output = network(images)
    return network.vision_model.post_layernorm(output.last_hidden_state)[:, 1:], output.image_embeds


SMALL = {"depths": (2, 2, 3, 2), "dims": (16, 32, 64, 128)}


@register_model
def clip_small_convnext(drop_path_rate: float, **_) -> nn.Module:
    """A timm network of a name of its own, since open_clip's adapter takes names alone."""
    network = ConvNeXt(**SMALL, drop_path_rate=drop_path_rate)
    network.default_cfg = {"pool_size": (3, 3)}
    return network


def small_transformer(activation: type[nn.Module]) -> nn.Module:
    return VisionTransformer(
        image_size=56, patch_size=14, width=80, layers=3, heads=2, mlp_ratio=4, output_dim=64, act_layer=activation
    )


def small_transformers(activation: str) -> nn.Module:
    return transformers.CLIPVisionModelWithProjection(
        transformers.CLIPVisionConfig(
            hidden_size=80, intermediate_size=320, projection_dim=64, num_hidden_layers=3, num_attention_heads=2,
            image_size=56, patch_size=14, hidden_act=activation,
        )
    )


def small() -> dict[str, Case]:
    convnext = TimmModel("clip_small_convnext", 48, 96, pool="", proj="linear", drop_path=0.1)
    return {
        "open_clip": Case(small_transformer(nn.GELU), "visual.", 56, open_clip_transformer),
        "open_clip_quick": Case(small_transformer(QuickGELU), "visual.", 56, open_clip_transformer),
        "transformers": Case(small_transformers("gelu"), "", 56, transformers_tower),
        "transformers_quick": Case(small_transformers("quick_gelu"), "", 56, transformers_tower),
        "open_clip_convnext": Case(convnext, "visual.", 96, open_clip_convnext),
        "timm_convnext": Case(ConvNeXt(**SMALL, num_classes=48), "", 96, timm_convnext),
    }


def full() -> dict[str, Case]:
    return {
        "ViT-H-14": Case(open_clip.create_model("ViT-H-14").visual, "visual.", 224, open_clip_transformer),
        "convnext_base_w": Case(
            open_clip.create_model("convnext_base_w").visual, "visual.", 224, open_clip_convnext
        ),
    }


def value(name: str, current: torch.Tensor) -> torch.Tensor:
    if current.dtype == torch.int64:
        return current
    # CLIP's projection has no bias; timm's layer that holds it has one, of zeros.
    return torch.zeros_like(current) if name == "head.fc.bias" else parameter(name, tuple(current.shape))


def load(case: Case) -> None:
    """Gives a tower the hashed values of its names in a file; `in_proj_weight` is the file's own name too."""
    state = case.network.state_dict()
    for name in state:
        state[name] = value(case.prefix + name, state[name])
    case.network.load_state_dict(state)


def entries(case: Case) -> dict[str, list[int]]:
    return {case.prefix + name: list(tensor.shape) for name, tensor in case.network.state_dict().items()}


def main() -> None:
    whole = sys.argv[1:] == ["--full"]
    tensors, listed = {}, {}
    for name, case in (full() if whole else small()).items():
        listed[name] = {"size": case.size, "entries": entries(case)}
        case.network.double().eval()
        load(case)
        with torch.inference_mode():
            tokens, pooled = case.outputs(case.network, pixels(case.size))
        listed[name]["tokens"], listed[name]["largest"] = list(tokens.shape), tokens.abs().max().item()
        if whole:
            tokens = tokens.flatten()[torch.from_numpy(sampled_indices(f"{name}/tokens", tokens.numel(), SAMPLES))]
        tensors[f"{name}/tokens"] = tokens.float().contiguous()
        tensors[f"{name}/pooled"] = pooled.float().contiguous()
    path = FOLDER / ("clip_towers_full.safetensors" if whole else "clip_towers.safetensors")
    save_file(tensors, path)
    path.chmod(0o644)
    sidecar = {
        "command": " ".join(["python reference/clip_towers.py", *sys.argv[1:]]),
        "seed": None,
        "versions": {
            "open_clip": open_clip.__version__,
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "timm": timm.__version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
        "description": "Tokens and embeddings that CLIP's image towers make of two images of hashed bytes.",
        "samples": SAMPLES if whole else None,
        "towers": listed,
    }
    text = json.dumps(sidecar, indent=2)
    # Shapes on one line each.
    path.with_suffix(".json").write_text(re.sub(r"\[[^][]*\]", lambda shape: "[" + " ".join(shape[0][1:-1].split()) + "]", text) + "\n")


if __name__ == "__main__":
    main()
