"""Writes fixtures/golden/clip_preprocessing.safetensors: images prepared for CLIP by open_clip and by transformers.

The images are hashed bytes smoothed by a few large waves, which the test draws too, in the sizes where resizing,
enlarging and the two centre crops differ. Of each result the golden holds the bytes before normalisation, every seventh
row and column, and of one the normalised numbers.
"""

import json
import platform
from pathlib import Path

import numpy as np
import open_clip
import PIL
import safetensors
import torch
import torchvision
import transformers
from PIL import Image
from safetensors.torch import save_file

from hashed_values import words

PATH = Path(__file__).parents[1] / "fixtures" / "golden" / "clip_preprocessing.safetensors"
# Width and height. Of 224x227 the two crops differ by a pixel.
SIZES = [(375, 500), (500, 375), (333, 500), (224, 227), (227, 224), (100, 80)]
STEP = 7
NORMALIZED = (224, 227)


def image(width: int, height: int) -> Image.Image:
    noise = (words(f"image/{width}x{height}", width * height * 3) >> 24).reshape(height, width, 3).astype(np.int64)
    x, y, channel = np.arange(width)[None, :, None], np.arange(height)[:, None, None], np.arange(3)[None, None]
    # A ramp that folds back every 256 pixels, so that not all is noise.
    ramp = np.abs((3 * x + 2 * y + 40 * channel) % 510 - 255)
    return Image.fromarray(((noise + 3 * ramp) // 4).astype(np.uint8))


def unnormalized(values: torch.Tensor) -> torch.Tensor:
    mean, std = (torch.tensor(x).view(3, 1, 1) for x in (open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD))
    scaled = (values.double() * std + mean) * 255
    assert (scaled - scaled.round()).abs().max() < 1e-3
    return scaled.round().to(torch.uint8)


def main() -> None:
    transform = open_clip.image_transform(224, is_train=False)
    processor = transformers.CLIPImageProcessorPil()
    tensors = {}
    for width, height in SIZES:
        picture = image(width, height)
        results = {
            "open_clip": transform(picture),
            "transformers": torch.as_tensor(np.array(processor(picture)["pixel_values"][0])),
        }
        for name, values in results.items():
            pixels = unnormalized(values)[:, ::STEP, ::STEP]
            tensors[f"{name}/{width}x{height}"] = pixels.permute(1, 2, 0).contiguous()
            if (width, height) == NORMALIZED:
                tensors[f"{name}/normalized"] = values[:, ::STEP, ::STEP].contiguous()
    save_file(tensors, PATH)
    PATH.chmod(0o644)
    sidecar = {
        "command": "python reference/clip_preprocessing.py",
        "seed": None,
        "versions": {
            "open_clip": open_clip.__version__,
            "pillow": PIL.__version__,
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "transformers": transformers.__version__,
        },
        "description": "Images as open_clip and transformers prepare them for CLIP, PUBLISHER/WIDTHxHEIGHT uint8 "
        f"[rows, columns, 3], and normalised float32 [3, rows, columns], every {STEP}th row and column.",
        "sizes": SIZES,
        "step": STEP,
        "normalized": NORMALIZED,
    }
    PATH.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
