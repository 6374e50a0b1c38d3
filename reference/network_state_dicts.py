"""Writes fixtures/golden/network_state_dicts.json: the keys of networks and the types of what stands under them."""

import json
import platform
from pathlib import Path

import timm
import torch
import torchvision

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden" / "network_state_dicts.json"
TORCHVISION = ["resnet18", "resnet34", "resnet50"]
TIMM = ["vit_tiny_patch16_224", "vit_small_patch16_224", "vit_base_patch16_224", "convnext_tiny", "convnext_base"]
DTYPES = {torch.float32: "float32", torch.int64: "int64"}


def describe(network: torch.nn.Module) -> dict[str, object]:
    return {
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "entries": {
            name: f"{DTYPES[value.dtype]}[{','.join(map(str, value.shape))}]"
            for name, value in network.state_dict().items()
        },
    }


def main() -> None:
    networks = {name: torchvision.models.get_model(name) for name in TORCHVISION}
    networks |= {name: timm.create_model(name, num_classes=0) for name in TIMM}
    golden = {
        "command": "python reference/network_state_dicts.py",
        "seed": None,
        "versions": {
            "python": platform.python_version(),
            "timm": timm.__version__,
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
        "description": "Keys, types and parameter totals of torchvision's networks, and timm's without head.",
        "networks": {name: describe(network) for name, network in networks.items()},
    }
    GOLDEN.write_text(json.dumps(golden, indent=2) + "\n")


if __name__ == "__main__":
    main()
