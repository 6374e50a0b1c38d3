"""Writes fixtures/golden/safetensors_format.safetensors: a tensor of every supported element type, by the format's own library."""

import json
import platform
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load_file, save_file

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden" / "safetensors_format"
METADATA = {"title": 'two "quoted" words\n and größe'}


def tensors() -> dict[str, torch.Tensor]:
    special = [0.0, -0.0, 1.5, -2.25, float("inf"), float("-inf")]
    return {
        "encoder.scalar": torch.tensor(0.1),
        "encoder.empty": torch.zeros(0, 3),
        "encoder.größe": torch.tensor(special).reshape(2, 3),
        "double": torch.tensor([*special, 0.1], dtype=torch.float64),
        "half": torch.tensor([*special, 65504.0, 2.0**-24], dtype=torch.float16),
        "brain": torch.tensor([*special, 3.0e38, 0.1], dtype=torch.bfloat16),
        "long": torch.tensor([-(2**63), -1, 2**53 + 1, 2**63 - 1]),
        "int": torch.tensor([[-(2**31)], [2**31 - 1]], dtype=torch.int32),
        "short": torch.tensor([-(2**15), 2**15 - 1, 7], dtype=torch.int16),
        "unsigned_short": torch.tensor([0, 2**16 - 1, 7], dtype=torch.uint16),
        "byte": torch.tensor([0, 255, 3], dtype=torch.uint8),
        "signed_byte": torch.tensor([-128, 127, 3], dtype=torch.int8),
        "flags": torch.tensor([[True, False, True]]),
    }


def main() -> None:
    path = GOLDEN.with_suffix(".safetensors")
    # One text only: with more, the library writes them in an order that changes from run to run.
    save_file(tensors(), path, METADATA)
    for name, value in load_file(path).items():
        assert torch.equal(value, tensors()[name]), name
    sidecar = {
        "command": "python reference/safetensors_format.py",
        "seed": None,
        "versions": {
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
        },
        "description": "A tensor of every supported element type with extreme values, and metadata.",
    }
    GOLDEN.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
