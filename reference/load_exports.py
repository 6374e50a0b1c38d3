"""Writes fixtures/golden/exported_backbones.{safetensors,json}: exports of genview, loaded strictly by their libraries.

    deno run -A tests/core/encoders/exported_networks.ts FOLDER
    python reference/load_exports.py FOLDER

Each file's metadata say in Python how its library builds the network; that is run, and the file's tensors are loaded
with strict=True, which fails on any name or shape that differs. The golden holds that Python, the network's own names
and shapes, and the features that it makes of hashed images in inference and float64.
"""

import json
import platform
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

import mmcv
import mmengine
import mmpretrain
import mmpretrain.models
import safetensors
import timm
import torch
import torchvision
from safetensors.torch import load_file, save_file

from hashed_values import uniform

GOLDEN = Path(__file__).resolve().parents[1] / "fixtures" / "golden" / "exported_backbones"
DTYPES = {torch.float32: "float32", torch.int64: "int64"}


def main() -> None:
    stored, described = {}, {}
    for path in sorted(Path(sys.argv[1]).glob("*.safetensors")):
        with safetensors.safe_open(path, "pt") as file:
            metadata = file.metadata()
        names: dict[str, object] = {"torch": torch, "torchvision": torchvision, "timm": timm, "mmpretrain": mmpretrain}
        exec(metadata["python"], names)
        model = names["model"]
        described[path.stem] = {
            "python": metadata["python"],
            "entries": {
                name: f"{DTYPES[value.dtype]}[{','.join(map(str, value.shape))}]"
                for name, value in model.state_dict().items()
            },
        }
        model.load_state_dict(load_file(path), strict=True)
        model.double().eval()
        size = int(metadata["size"])
        with torch.no_grad():
            made = model(uniform("images", (2, 3, size, size)))
        last = made[-1] if isinstance(made, tuple) else made
        stored[path.stem] = (last.mean((2, 3)) if last.ndim == 4 else last).float()
    save_file(stored, GOLDEN.with_suffix(".safetensors"))
    sidecar = {
        "command": "deno run -A tests/core/encoders/exported_networks.ts FOLDER; python reference/load_exports.py FOLDER",
        "seed": None,
        "versions": {
            "python": platform.python_version(),
            **{
                module.__name__: module.__version__
                for module in (mmcv, mmengine, mmpretrain, safetensors, timm, torch, torchvision)
            },
        },
        "description": "Exports that their libraries load with strict=True: how each is built, its own names and shapes.",
        "exports": described,
    }
    GOLDEN.with_suffix(".json").write_text(json.dumps(sidecar, indent=1) + "\n")


if __name__ == "__main__":
    main()
