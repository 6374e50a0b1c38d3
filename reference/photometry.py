"""Golden tensors of the photometric steps of views, by torchvision.

python reference/photometry.py
"""

import itertools
import json
import sys
from pathlib import Path

import PIL
import safetensors.torch
import torch
import torchvision
from torchvision.transforms.v2 import functional as F

SEED = 20
SIZE = 40
COUNT = 8
GOLDEN = Path(__file__).parent.parent / "fixtures" / "golden"


def photographs(generator: torch.Generator) -> torch.Tensor:
    """Smooth colours, edges, noise and flat grays: uint8 [COUNT, 3, SIZE, SIZE]."""
    coarse = torch.rand(COUNT, 3, 5, 5, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (SIZE, SIZE), mode="bilinear")
    noise = torch.rand(COUNT, 3, SIZE, SIZE, generator=generator)
    images = 0.8 * smooth + 0.2 * noise
    images[:, :, 10:20, 5:30] = torch.rand(COUNT, 3, 1, 1, generator=generator)
    images[0, :, 25:] = 0.5
    images[1, 0, :10] = 1.0
    images[2, 2, :10] = 0.0
    return (255 * images).round().clamp(0, 255).to(torch.uint8)


def colours(generator: torch.Generator) -> torch.Tensor:
    """The corners of the cube, grays, colours with equal channels and others: float32 [3, 8, 8] in [0, 1]."""
    corners = torch.tensor(list(itertools.product([0.0, 1.0], repeat=3)))
    grays = torch.linspace(0, 1, 8)[:, None].expand(8, 3)
    ties = torch.tensor([list(order) for order in itertools.product([0.25, 0.75], repeat=3)])
    others = torch.rand(40, 3, generator=generator)
    return torch.cat([corners, grays, ties, others]).T.reshape(3, 8, 8).contiguous()


STEPS = [F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue]


def main() -> None:
    generator = torch.Generator().manual_seed(SEED)

    def uniform(low: float, high: float, count: int = COUNT) -> torch.Tensor:
        return low + (high - low) * torch.rand(count, generator=generator)

    images = photographs(generator)
    tensors = {"images": images.permute(0, 2, 3, 1).contiguous()}
    factors = {
        "brightness": uniform(0.2, 1.8),
        "contrast": uniform(0.2, 1.8),
        "saturation": uniform(0.2, 1.8),
        "hue": uniform(-0.5, 0.5),
    }
    tensors |= factors
    for step, name in zip(STEPS, factors):
        for dtype in (torch.float32, torch.uint8):
            given = F.to_dtype(images, dtype, scale=True)
            each = [step(image, factor.item()) for image, factor in zip(given, factors[name])]
            kind = "float" if dtype == torch.float32 else "bytes"
            tensors[f"expected.{name}.{kind}"] = torch.stack(each)
        pictures = [step(F.to_pil_image(image), factor.item()) for image, factor in zip(images, factors[name])]
        tensors[f"expected.{name}.pillow"] = torch.stack([F.pil_to_tensor(picture) for picture in pictures])

    tensors["hue.colours"] = colours(generator)
    tensors["hue.turns"] = torch.linspace(-0.5, 0.5, 61)
    tensors["hue.expected"] = torch.stack(
        [F.adjust_hue(tensors["hue.colours"], turns.item()) for turns in tensors["hue.turns"]]
    )
    tensors["expected.grayscale"] = F.rgb_to_grayscale(images, num_output_channels=3)
    tensors["expected.solarize"] = F.solarize(images, 128)
    tensors["blur_sigma"] = uniform(0.1, 2.0)
    for kernel in (5, 23):
        tensors[f"expected.blur_{kernel}"] = torch.stack(
            [
                F.gaussian_blur(image, [kernel, kernel], [sigma.item()] * 2)
                for image, sigma in zip(images, tensors["blur_sigma"])
            ]
        )

    # All 24 orders of the jitter, on one image each: in float, and rounded to 8 bits after each step, as torchvision does
    # with tensors of bytes and as Pillow does.
    orders = list(itertools.permutations(range(4)))
    chosen = torch.arange(len(orders)) % COUNT
    chain = {name: uniform(low, high, len(orders)) for name, (low, high) in {
        "brightness": (0.6, 1.4), "contrast": (0.6, 1.4), "saturation": (0.6, 1.4), "hue": (-0.1, 0.1),
    }.items()}
    for name, values in chain.items():
        tensors[f"chain.{name}"] = values
    tensors["chain.image"] = chosen.to(torch.int32)
    tensors["chain.order"] = torch.tensor(orders, dtype=torch.int64)
    floats, bytes_, pictures = [], [], []
    for i, order in enumerate(orders):
        image = images[chosen[i]][:, 8:32, 8:32]
        whole, rounded, picture = F.to_dtype(image, torch.float32, scale=True), image, F.to_pil_image(image)
        for index in order:
            factor = list(chain.values())[index][i].item()
            whole = STEPS[index](whole, factor)
            rounded = STEPS[index](rounded, factor)
            picture = STEPS[index](picture, factor)
        floats.append(whole)
        bytes_.append(rounded)
        pictures.append(F.pil_to_tensor(picture))
    tensors["chain.expected.float"] = torch.stack(floats)
    tensors["chain.expected.bytes"] = torch.stack(bytes_)
    tensors["chain.expected.pillow"] = torch.stack(pictures)

    GOLDEN.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.contiguous() for name, value in tensors.items()}
    safetensors.torch.save_file(tensors, GOLDEN / "photometry.safetensors")
    sidecar = {
        "command": "python reference/photometry.py",
        "seed": SEED,
        "versions": {
            "python": sys.version.split()[0],
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "pillow": PIL.__version__,
        },
        "description": "photometric steps by torchvision.transforms.v2.functional, one by one; "
        "the jitter in its 24 orders on crops [8:32, 8:32]; on tensors of float32 and uint8, and on Pillow images",
    }
    (GOLDEN / "photometry.json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
