"""Writes fixtures/golden/quality_weights.*: weights of pairs by the likeness of their foregrounds and backgrounds.

Two cases in float64: the worked example of four tokens, and hashed tokens of the size of ConvNeXt-B's. The formula is
GenView's (arXiv 2403.12003, section 3.3), in PyTorch's own operators; the gradient of a weighted negative cosine
similarity with regard to the prediction is that of PyTorch. A third is GenView++'s (arXiv 2509.23770, and
util/quality_driven_weight.py of its code) for several views: all views of all images are compared with each other, and what
is left of that, the pairs of two views of one image, is weighed together.
"""

import json
import platform
from pathlib import Path

import safetensors
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from hashed_values import uniform

GOLDEN = Path(__file__).parent.parent / "fixtures" / "golden" / "quality_weights"
# GenView++'s default.
GAMMA = 2.0
EXAMPLE = (
    [[(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)], [(2, 1, 0), (0, 1, 2), (1, 0, 1), (0, 0, 0)]],
    [[(1, 0, 1), (0, 1, 0), (0, 1, 1), (1, 0, 0)], [(0, 1, 1), (2, 0, 1), (1, 1, 0), (0, 2, 0)]],
)


def pooled(tokens: torch.Tensor, attention: torch.Tensor) -> torch.Tensor:
    attention = attention / (attention.sum(dim=1, keepdim=True) + 1e-7)
    return torch.einsum("np,npd->nd", attention, tokens)


def quality(
    views: tuple[torch.Tensor, torch.Tensor], direction: torch.Tensor, sharpness: float, cosine: bool
) -> dict[str, torch.Tensor]:
    maps, foregrounds, backgrounds = [], [], []
    for tokens in views:
        scores = tokens @ direction
        low, high = scores.amin(dim=1, keepdim=True), scores.amax(dim=1, keepdim=True)
        foreground = (scores - low) / (high - low + 1e-7)
        maps.append(foreground)
        foregrounds.append(pooled(tokens, foreground))
        backgrounds.append(pooled(tokens, 1 - foreground))
    if cosine:
        foregrounds, backgrounds = ([F.normalize(part) for part in parts] for parts in (foregrounds, backgrounds))
    foreground, background = ((parts[0] * parts[1]).sum(dim=1) for parts in (foregrounds, backgrounds))
    weights = len(foreground) * torch.softmax(sharpness * (foreground - background), dim=0)
    return {
        "weights": weights,
        "foreground": foreground,
        "background": background,
        "maps.0": maps[0],
        "maps.1": maps[1],
    }


def matrix_weights(views: torch.Tensor, direction: torch.Tensor, gamma: float) -> torch.Tensor:
    """Weights `[V N, V N]` of all pairs of rows of views `[V, N, P, D]`; 0 where two rows are not views of one image."""
    images = torch.arange(views.shape[1]).repeat(views.shape[0])
    positive = (images[:, None] == images[None, :]).double().fill_diagonal_(0)
    tokens = views.flatten(0, 1)
    scores = tokens @ direction
    low, high = scores.amin(dim=1, keepdim=True), scores.amax(dim=1, keepdim=True)
    foreground = (scores - low) / (high - low + 1e-7)
    unit = (F.normalize(pooled(tokens, part)) for part in (foreground, 1 - foreground))
    similar, before = (features @ features.T for features in unit)
    exponentials = torch.exp(gamma * (similar - before)) * positive
    return exponentials / exponentials[exponentials != 0].mean()


def main() -> None:
    small = tuple(torch.tensor(view, dtype=torch.float64) for view in EXAMPLE)
    large = tuple(uniform(f"tokens.{view}", (8, 49, 1024), 2.0, 0.25) for view in range(2))
    tensors = {}
    for name, views, direction, sharpness, cosine in (
        ("example", small, torch.tensor((0.6, 0.0, 0.8), dtype=torch.float64), 1.0, True),
        ("hashed", large, F.normalize(uniform("direction", (1024,)), dim=0), 4.0, True),
        ("dot", small, torch.tensor((0.6, 0.0, 0.8), dtype=torch.float64), 0.5, False),
    ):
        for key, value in quality(views, direction, sharpness, cosine).items():
            tensors[f"{name}.{key}"] = value
        if name == "hashed":
            tensors["hashed.direction"] = direction.float()
    several = torch.stack([uniform(f"several.{view}", (5, 9, 12), 2.0, 0.25) for view in range(3)])
    matrix = matrix_weights(several, F.normalize(uniform("several.direction", (12,)), dim=0), GAMMA)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        tensors[f"several.{first}.{second}"] = matrix[first * 5:(first + 1) * 5, second * 5:(second + 1) * 5].diagonal()
    prediction = uniform("prediction", (8, 16)).requires_grad_()
    loss = -(tensors["hashed.weights"] * F.cosine_similarity(prediction, uniform("target", (8, 16)))).mean()
    tensors["loss"] = loss.detach()
    (tensors["gradient"],) = torch.autograd.grad(loss, prediction)
    save_file({name: value.contiguous() for name, value in tensors.items()}, GOLDEN.with_suffix(".safetensors"))
    sidecar = {
        "command": "python reference/quality_weights.py",
        "seed": None,
        "versions": {
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
        },
        "description": "Quality-driven weights of pairs in float64, and a weighted loss with its gradient; and those of the "
        "pairs of three views of five images by GenView++.",
        "gamma": GAMMA,
    }
    GOLDEN.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
