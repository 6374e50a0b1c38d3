"""Golden tensors of RandAugment's operations, by timm on Pillow, and of what timm draws.

python reference/rand_augment.py
"""

import json
import random
import sys
from pathlib import Path

import numpy
import PIL
import PIL.Image
import safetensors.torch
import timm
import torch
from timm.data import auto_augment
from timm.data.random_erasing import RandomErasing

from augmentation_steps import picture

SEED = 23
DRAWS = 20000
GOLDEN = Path(__file__).parent.parent / "fixtures" / "golden"
SIZES = [32, 21]
FILL = (124, 116, 104)
MODES = {"bilinear": PIL.Image.Resampling.BILINEAR, "bicubic": PIL.Image.Resampling.BICUBIC}
MAGNITUDES = [0.0, 2.5, 5.0, 8.3, 9.0, 9.4567, 10.0]
OPERATIONS = auto_augment._RAND_INCREASING_TRANSFORMS


def pictures(size: int, generator: torch.Generator) -> dict[str, torch.Tensor]:
    """One of all levels, a pale one, and one of a single colour."""
    full = picture(size, generator)
    return {
        "full": full,
        "pale": (100 + full // 4).contiguous(),
        "plain": torch.tensor([9, 200, 77], dtype=torch.uint8).expand(size, size, 3).contiguous(),
    }


def arguments(name: str, magnitude: float) -> list[tuple]:
    """What the operation is called with by this magnitude, without and with the sign turned."""
    level = auto_augment.LEVEL_TO_ARG[name]
    if level is None:
        return [()]
    found = []
    for draw in (0.0, 1.0):
        auto_augment.random.random = lambda: draw
        found.append(level(magnitude, {}))
    # Pillow 13 refuses to keep no bits of a level, which makes an image black.
    found = [args for args in found if name != "PosterizeIncreasing" or args[0] > 0]
    return found[:1] if len(set(found)) == 1 else found


def main() -> None:
    generator = torch.Generator().manual_seed(SEED)
    tensors: dict[str, torch.Tensor] = {}
    drawn = random.random
    calls = {
        name: [args for magnitude in MAGNITUDES for args in arguments(name, magnitude)] for name in OPERATIONS
    }
    auto_augment.random.random = drawn
    for name, found in calls.items():
        if found[0]:
            tensors[f"arguments.{name}"] = torch.tensor(found, dtype=torch.float64)[:, 0].contiguous()
    for size in SIZES:
        for kind, image in pictures(size, generator).items():
            tensors[f"image.{size}.{kind}"] = image
            pillow = PIL.Image.fromarray(image.numpy())
            for name in OPERATIONS:
                moves = name in ("Rotate", "ShearX", "ShearY", "TranslateXRel", "TranslateYRel")
                if moves and kind != "full":
                    continue
                for mode_name, mode in MODES.items() if moves else {"levels": None}.items():
                    unique = calls[name] if calls[name][0] else [()]
                    made = [
                        numpy.asarray(auto_augment.NAME_TO_OP[name](pillow, *args, fillcolor=FILL, resample=mode))
                        for args in unique
                    ]
                    tensors[f"{name}.{size}.{kind}.{mode_name}"] = torch.from_numpy(numpy.stack(made))

    # What is drawn: how often each operation is applied, and the moments of the magnitudes.
    random.seed(SEED)
    numpy.random.seed(SEED)
    counts = dict.fromkeys(OPERATIONS, 0)
    magnitudes: list[float] = []

    def note(name: str):
        def level(magnitude: float, hparams: dict) -> tuple:
            counts[name] += 1
            magnitudes.append(magnitude)
            return ()

        return level

    auto_augment.LEVEL_TO_ARG = {name: note(name) for name in OPERATIONS}
    auto_augment.NAME_TO_OP = {name: lambda image, **_: image for name in OPERATIONS}
    augment = auto_augment.rand_augment_transform("rand-m9-mstd0.5-inc1", {"img_mean": FILL})
    for _ in range(DRAWS):
        augment(None)
    values = torch.tensor(magnitudes, dtype=torch.float64)
    tensors["drawn.share"] = torch.tensor([counts[name] / DRAWS for name in OPERATIONS], dtype=torch.float64)
    tensors["drawn.magnitude"] = torch.stack([values.mean(), values.std(), (values == 10).double().mean()])

    boxes = []
    for _ in range(DRAWS):
        view = torch.zeros(3, 40, 40)
        RandomErasing(probability=0.25, mode="pixel", device="cpu")(view)
        inside = (view != 0).nonzero()
        if len(inside) == 0:
            boxes.append([0.0, 0.0, 0.0, 0.0])
            continue
        low, high = inside[:, 1:].min(0).values, inside[:, 1:].max(0).values
        boxes.append([*low.double().tolist(), *(high - low + 1).double().tolist()])
    found = torch.tensor(boxes, dtype=torch.float64)
    is_erased = found[:, 2] > 0
    erased = found[is_erased]
    tensors["erasing.share"] = is_erased.double().mean().reshape(1)
    tensors["erasing.mean"] = erased.mean(0)
    tensors["erasing.std"] = erased.std(0)

    safetensors.torch.save_file(tensors, GOLDEN / "rand_augment.safetensors")
    sidecar = {
        "command": "python reference/rand_augment.py",
        "seed": SEED,
        "sizes": SIZES,
        "draws": DRAWS,
        "fill": FILL,
        "magnitudes": MAGNITUDES,
        "operations": OPERATIONS,
        "versions": {
            "python": sys.version.split()[0],
            "torch": torch.__version__,
            "timm": timm.__version__,
            "pillow": PIL.__version__,
            "numpy": numpy.__version__,
        },
    }
    (GOLDEN / "rand_augment.json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
