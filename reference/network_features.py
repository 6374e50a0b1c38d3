"""Writes fixtures/golden/network_features.safetensors: features of whole published networks, in inference and float64.

Parameters and images are hashed values, of which the golden holds nothing.
"""

import json
import platform
from pathlib import Path

import safetensors
import timm
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from hashed_values import load, uniform

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden" / "network_features"
SHAPE = (2, 3, 64, 64)


def torchvision_network(name: str) -> nn.Module:
    network = torchvision.models.get_model(name)
    network.fc = nn.Identity()
    return network


def networks() -> dict[str, nn.Module]:
    return {
        "resnet34": torchvision_network("resnet34"),
        "resnet50": torchvision_network("resnet50"),
        "vit_tiny_patch16_224": timm.create_model("vit_tiny_patch16_224", num_classes=0, img_size=SHAPE[2:]),
        "vit_small_patch16_224": timm.create_model("vit_small_patch16_224", num_classes=0, img_size=SHAPE[2:]),
        "convnext_tiny": timm.create_model("convnext_tiny", num_classes=0),
    }


def main() -> None:
    features = {}
    for name, network in networks().items():
        load(network.double().eval())
        with torch.no_grad():
            features[name] = network(uniform("images", SHAPE)).float()
    path = GOLDEN.with_suffix(".safetensors")
    save_file(features, path)
    sidecar = {
        "command": "python reference/network_features.py",
        "seed": None,
        "versions": {
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "timm": timm.__version__,
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
        "description": "Features that torchvision's and timm's networks make of two images of 64 pixels.",
    }
    GOLDEN.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
