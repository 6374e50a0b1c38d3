"""Golden tensors of random rotation and random erasing, by torchvision.

python reference/augmentation_steps.py
"""

import json
import sys
from pathlib import Path

import PIL
import PIL.Image
import safetensors.torch
import torch
import torchvision
from torchvision import transforms
from torchvision.transforms import functional as F
from torchvision.transforms.functional import InterpolationMode

SEED = 21
DRAWS = 20000
GOLDEN = Path(__file__).parent.parent / "fixtures" / "golden"
SIZES = [40, 33]
ANGLES = [0.3, 15.0, -7.5, 45.0, 90.0, -90.0, 180.0, 123.4, 270.0, 359.5, 720.0]
FILLS = {"black": 0, "colour": (12, 200, 77)}
MODES = {"nearest": InterpolationMode.NEAREST, "bilinear": InterpolationMode.BILINEAR}
SCALE, RATIO = (0.02, 0.33), (0.3, 3.3)


def picture(size: int, generator: torch.Generator) -> torch.Tensor:
    """Smooth colours, edges and noise: uint8 [size, size, 3]."""
    coarse = torch.rand(1, 3, 5, 5, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (size, size), mode="bilinear")[0]
    image = 0.7 * smooth + 0.3 * torch.rand(3, size, size, generator=generator)
    image[:, size // 4 : size // 2, 5:30] = torch.rand(3, 1, 1, generator=generator)
    return (255 * image).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous()


def main() -> None:
    generator = torch.Generator().manual_seed(SEED)
    torch.manual_seed(SEED)
    tensors = {"angles": torch.tensor(ANGLES, dtype=torch.float64)}
    for size in SIZES:
        image = picture(size, generator)
        tensors[f"image.{size}"] = image
        pillow = PIL.Image.fromarray(image.numpy())
        for fill_name, fill in FILLS.items():
            for mode_name, mode in MODES.items():
                rotated = [F.rotate(pillow, angle, mode, expand=False, fill=fill) for angle in ANGLES]
                tensors[f"rotated.{size}.{mode_name}.{fill_name}"] = torch.stack(
                    [F.pil_to_tensor(each).permute(1, 2, 0) for each in rotated]
                ).contiguous()

    turn = transforms.RandomRotation((-30, 10))
    angles = torch.tensor([turn.get_params(turn.degrees) for _ in range(DRAWS)], dtype=torch.float64)
    tensors["rotation.statistics"] = torch.stack([angles.mean(), angles.std()])

    view = torch.zeros(3, 40, 40)
    boxes = []
    for _ in range(DRAWS):
        top, left, height, width, _ = transforms.RandomErasing.get_params(view, SCALE, RATIO, [0.0])
        if height < 40:
            boxes.append([top, left, height, width])
    drawn = torch.tensor(boxes, dtype=torch.float64)
    tensors["erasing.statistics"] = torch.stack([drawn.mean(0), drawn.std(0)])
    tensors["erasing.share"] = torch.tensor([len(boxes) / DRAWS], dtype=torch.float64)

    # A box that a seed draws, and the view that the transform makes by it, for one value and for three.
    view = torch.randn(3, 40, 40, generator=generator)
    tensors["erasing.view"] = view
    for name, value in {"zero": 0, "channels": (0.5, -1.0, 2.0)}.items():
        transform = transforms.RandomErasing(p=1, scale=SCALE, ratio=RATIO, value=value)
        torch.manual_seed(SEED)
        erased = transform(view)
        tensors[f"erasing.{name}"] = erased
        changed = (erased != view).any(0).nonzero()
        (top, left), (bottom, right) = changed.min(0).values, changed.max(0).values + 1
        tensors[f"erasing.{name}.box"] = torch.stack([top, left, bottom - top, right - left])

    path = GOLDEN / "augmentation_steps.safetensors"
    safetensors.torch.save_file(tensors, path)
    sidecar = {
        "command": "python reference/augmentation_steps.py",
        "seed": SEED,
        "versions": {
            "python": sys.version.split()[0],
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "pillow": PIL.__version__,
        },
        "description": "torchvision's RandomRotation on Pillow images by given angles, and RandomErasing on a tensor; "
        f"means and deviations of {DRAWS} draws of their parameters (degrees -30 to 10; top, left, height and width of "
        f"boxes on 40 x 40 with scale {SCALE} and ratio {RATIO}, and the share of draws that gave a box)",
    }
    path.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
