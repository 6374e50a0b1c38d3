"""Writes fixtures/golden/layout_steps.*: 20 steps in which the class token of open_clip's VisionTransformer learns layouts while the
tokens of its patches follow those of a teacher, from hashed weights on hashed images.

torch.optim.AdamW on gradients clipped to a joint norm of 1, and exponential moving averages of the parameters, the teacher's among
them. AdamW's epsilon is 1e-5: the gradient of the biases of the keys is zero but for rounding, by which Adam with its default would
move them. The teacher has other hashed weights than the tower, so that tokens have somewhere to go from the first step.
"""

import open_clip
import torch
from torch import nn

from generator_training_steps import OPTIMIZATION, held, take_steps
from hashed_values import parameter, uniform
from training_steps import Run, clip_tower, save_golden

SETUP = {
    **OPTIMIZATION,
    "imageSize": 16,
    "patch": 8,
    "width": 16,
    "layers": 2,
    "heads": 2,
    "layoutWidth": 12,
    "tokenWeight": 0.3,
    "mean": [0.5, 0.4, 0.6],
    "std": [0.25, 0.3, 0.2],
}


class Layouts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tower, self.teacher = (
            clip_tower(*(SETUP[name] for name in ("imageSize", "patch", "width", "layers", "heads"))) for _ in range(2)
        )
        self.layout = nn.Linear(SETUP["width"], SETUP["layoutWidth"])

    def forward(self, images: torch.Tensor, layouts: torch.Tensor) -> dict[str, torch.Tensor]:
        class_token, tokens = self.tower(images)
        with torch.no_grad():
            _, before = self.teacher(images)
        layout = (self.layout(class_token) - layouts).square().mean()
        moved = (tokens - before).square().mean() / before.var(dim=(0, 1), correction=0).mean()
        return {"losses": layout + SETUP["tokenWeight"] * moved, "layout": layout, "tokens": moved}

    def named(self) -> dict[str, torch.Tensor]:
        return {name.removeprefix("tower."): value for name, value in self.named_parameters()}


def batch(step: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    count, size = SETUP["batchSize"], SETUP["imageSize"]
    pixels = (uniform(f"{step}/images", (count, size, size, 3)) * 128 + 128).floor()
    statistics = [torch.tensor(SETUP[name], dtype=torch.float64).reshape(3, 1, 1) for name in ("mean", "std")]
    images = (pixels.double().permute(0, 3, 1, 2) / 255 - statistics[0]) / statistics[1]
    return images.to(dtype), uniform(f"{step}/layouts", (count, SETUP["layoutWidth"]), 1.7).to(dtype)


def train(dtype: torch.dtype) -> Run:
    network = Layouts()
    network.to(dtype).train()
    named = network.named()
    with torch.no_grad():
        for name, value in named.items():
            value.copy_(parameter(name, tuple(value.shape)))
    return take_steps(named, lambda step: network(*batch(step, dtype)), "teacher.")


def main() -> None:
    tensors, rounding = held("layout", train)
    save_golden(
        "layout_steps",
        tensors,
        "layout_steps.py",
        "20 steps in which the class token of open_clip's VisionTransformer learns layouts, in float64: losses, their terms, norms "
        "of gradients, final parameters and their averages.",
        {**SETUP, "float32": rounding},
        {"open_clip": open_clip.__version__},
    )


if __name__ == "__main__":
    main()
