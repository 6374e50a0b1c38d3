"""Writes fixtures/golden/view_sampling.safetensors: what torchvision's random crop and colour jitter draw."""

import json
import platform
from pathlib import Path

import torch
import torchvision
from safetensors.torch import save_file
from torchvision.transforms import ColorJitter, RandomResizedCrop

SEED = 7
DRAWS = 20000
GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden" / "view_sampling"
RATIO = [3 / 4, 4 / 3]

# width, height, lowest and highest area: common, small, tiny, and so long that most draws do not fit.
CROPS = [(500, 375, 0.2, 1.0), (375, 500, 0.08, 1.0), (32, 32, 0.05, 0.14), (400, 100, 0.2, 1.0)]

# So long that no draw fits: the central crop, which is not random.
CENTRAL = [(1000, 10), (10, 1000), (101, 20), (21, 100)]


def moments(values: torch.Tensor) -> torch.Tensor:
    return torch.stack([values.mean(0), values.std(0)])


def crops(width: int, height: int, low: float, high: float) -> torch.Tensor:
    image = torch.empty(3, height, width)
    draws = [RandomResizedCrop.get_params(image, [low, high], RATIO) for _ in range(DRAWS)]
    return torch.tensor([(left, top, w, h) for top, left, h, w in draws], dtype=torch.float64)


def central(width: int, height: int) -> torch.Tensor:
    top, left, h, w = RandomResizedCrop.get_params(torch.empty(3, height, width), [0.9, 1.0], RATIO)
    return torch.tensor([left, top, w, h])


def jitter() -> torch.Tensor:
    transform = ColorJitter(0.4, 1.6, 0.2, 0.1)
    draws = [
        ColorJitter.get_params(transform.brightness, transform.contrast, transform.saturation, transform.hue)
        for _ in range(DRAWS)
    ]
    return torch.tensor([[*factors, *order.tolist()] for order, *factors in draws], dtype=torch.float64)


def main() -> None:
    torch.manual_seed(SEED)
    tensors = {f"crop/{w},{h}/{low},{high}": moments(crops(w, h, low, high)) for w, h, low, high in CROPS}
    tensors |= {f"central/{w},{h}": central(w, h) for w, h in CENTRAL}
    tensors["jitter"] = moments(jitter())
    save_file(tensors, GOLDEN.with_suffix(".safetensors"))
    GOLDEN.with_suffix(".safetensors").chmod(0o644)
    sidecar = {
        "command": "python reference/view_sampling.py",
        "seed": SEED,
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
        "description": f"Mean and standard deviation over {DRAWS} draws: crop/WIDTH,HEIGHT/AREA of left, top, width and "
        "height; jitter (0.4, 1.6, 0.2, 0.1) of its factors and its order. central/WIDTH,HEIGHT: the crop where no "
        "draw fits.",
    }
    GOLDEN.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
