"""Writes fixtures/golden/view_geometry.safetensors and image_decoding.safetensors, from Pillow and torchvision.

The first holds views of fixtures/images/photo.jpg and portrait.jpg, the second the pixels of the small images there.
"""

import json
import platform
from pathlib import Path

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image, ImageOps
from safetensors.torch import save_file
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "fixtures" / "images"
GOLDEN = ROOT / "fixtures" / "golden"

# image, left, top, width, height, size, flip
CROPS = [
    ("photo", 30, 20, 320, 280, 112, False),
    ("photo", 100, 60, 240, 200, 224, True),
    ("photo", 0, 0, 500, 375, 96, False),
    ("photo", 211, 103, 40, 33, 64, False),
    ("photo", 3, 9, 400, 300, 32, True),
    ("portrait", 40, 40, 150, 150, 96, False),
    ("portrait", 374, 0, 1, 500, 16, False),
]
MODES = {"bilinear": InterpolationMode.BILINEAR, "bicubic": InterpolationMode.BICUBIC}

# image, shorter side, size
EVALUATIONS = [("photo", 256, 224), ("portrait", 74, 65), ("photo", 36, 32)]

DECODED = [
    "alpha.png", "animated.gif", "animated.webp", "cmyk.jpg", "gray.jpg", "gray.png", "gray16.png", "gray_alpha.png",
    *(f"orientation_{i}.jpg" for i in range(1, 9)),
    "palette.png", "palette_transparent.png", "rgb.avif", "rgb.png", "rgb.tiff", "rgb.webp", "rgb16.png",
]


def tensor(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image.convert("RGB")))


def views() -> dict[str, torch.Tensor]:
    images = {name: Image.open(IMAGES / f"{name}.jpg").convert("RGB") for name in ("photo", "portrait")}
    result = {}
    for name, left, top, width, height, size, flip in CROPS:
        for mode, interpolation in MODES.items():
            view = F.resized_crop(images[name], top, left, height, width, [size, size], interpolation)
            view = F.hflip(view) if flip else view
            result[f"crop/{name}/{left},{top},{width},{height}/{size}/{mode}/{'flip' if flip else 'keep'}"] = tensor(view)
    for name, shorter_side, size in EVALUATIONS:
        view = F.center_crop(F.resize(images[name], shorter_side), size)
        result[f"evaluation/{name}/{shorter_side}/{size}"] = tensor(view)
    return result


def decoded() -> dict[str, torch.Tensor]:
    result = {}
    for name in DECODED:
        image = ImageOps.exif_transpose(Image.open(IMAGES / name))
        if image.mode in ("LA", "RGBA") or "transparency" in image.info:
            white = Image.new("RGBA", image.size, "white")
            white.alpha_composite(image.convert("RGBA"))
            image = white
        elif image.mode.startswith("I;16"):
            # Pillow's own conversion clips at 255; for RGB it keeps the upper byte, which is done here too.
            image = Image.fromarray((np.array(image) >> 8).astype(np.uint8))
        result[name] = tensor(image)
    return result


def write(name: str, tensors: dict[str, torch.Tensor], description: str) -> None:
    save_file(tensors, GOLDEN / f"{name}.safetensors")
    (GOLDEN / f"{name}.safetensors").chmod(0o644)
    sidecar = {
        "command": "python reference/view_geometry.py",
        "seed": None,
        "versions": {
            "python": platform.python_version(),
            "pillow": PIL.__version__,
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
        "description": description,
    }
    (GOLDEN / f"{name}.json").write_text(json.dumps(sidecar, indent=2) + "\n")


def main() -> None:
    GOLDEN.mkdir(parents=True, exist_ok=True)
    write(
        "view_geometry",
        views(),
        "Views of fixtures/images by torchvision on Pillow images: crop/IMAGE/LEFT,TOP,WIDTH,HEIGHT/SIZE/MODE/FLIP "
        "and evaluation/IMAGE/SHORTER_SIDE/SIZE, uint8 [size, size, 3].",
    )
    write("image_decoding", decoded(), "Pixels of files in fixtures/images by Pillow, uint8 [height, width, 3].")


if __name__ == "__main__":
    main()
