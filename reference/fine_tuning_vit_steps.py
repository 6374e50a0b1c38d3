"""Writes fixtures/golden/fine_tuning_vit_steps.*: 10 steps of mmpretrain's ViT recipe in PyTorch, from hashed weights.

The network is a small VisionTransformer of timm's under a linear classifier; torch.optim.AdamW without decay of biases,
norms, class token and positions, a linear warm-up of 5 steps and a cosine of 5 that ends above zero, label smoothing, each
image and its target mixed with another's by a mask, residual branches left out by given shares, gradients clipped by their norm, and a moving average of the weights
that starts as a copy after the first step, as mmengine's. All in float64; the sidecar tells how far the same in float32
leads away from it.
"""

import json
import platform
from pathlib import Path

import numpy as np
import safetensors
import timm
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from hashed_values import parameter, uniform
from training_steps import rate_at

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden" / "fine_tuning_vit_steps"
SETUP = {
    "steps": 10,
    "batchSize": 8,
    "size": 16,
    "classes": 5,
    "patch": 4,
    "width": 48,
    "depth": 2,
    "heads": 3,
    "learningRate": 2e-3,
    "end": 1e-4,
    "warmUpSteps": 5,
    "startFactor": 0.5,
    "weightDecay": 1.0,
    "labelSmoothing": 0.1,
    "clipGradientNorm": 0.5,
    "averageRate": 0.1,
}
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = VisionTransformer(
            img_size=SETUP["size"],
            patch_size=SETUP["patch"],
            embed_dim=SETUP["width"],
            depth=SETUP["depth"],
            num_heads=SETUP["heads"],
            num_classes=0,
        )
        for block in self.backbone.blocks:
            block.drop_path1, block.drop_path2 = Branch(), Branch()
        self.classifier = nn.Linear(SETUP["width"], SETUP["classes"])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.backbone(images))


class Branch(nn.Module):
    """Takes the place of timm's DropPath, with shares that are given."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.shares.to(x.dtype)


def give_shares(network: Classifier, step: int) -> None:
    """Leaves out about a fifth of all branches."""
    for i, block in enumerate(network.backbone.blocks):
        for j, branch in enumerate((block.drop_path1, block.drop_path2)):
            drawn = uniform(f"drop.{step}.{2 * i + j}", (SETUP["batchSize"], 1, 1))
            branch.shares = torch.where(drawn < -0.6, 0.0, 1.25)


def batch(step: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    count, size = SETUP["batchSize"], SETUP["size"]
    pixels = np.floor((uniform(f"images.{step}", (count, size, size, 3)).numpy() + 1) * 128)
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).to(dtype) / 255
    mean, std = (torch.tensor(values, dtype=dtype).view(1, 3, 1, 1) for values in (MEAN, STD))
    return (images - mean) / std, (torch.arange(count) * 3 + step) % SETUP["classes"]


def mask_of(step: int, dtype: torch.dtype) -> torch.Tensor:
    """Mixup's one share in even steps, cutmix's rectangle in odd ones."""
    size = SETUP["size"]
    if step % 2 == 0:
        return torch.full((size, size), np.float32(0.9 - 0.05 * step).item(), dtype=dtype)
    mask = torch.ones(size, size, dtype=dtype)
    mask[4:10, 2 : 5 + step] = 0
    return mask


def train(network: Classifier, dtype: torch.dtype) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor], list[float]]:
    """The weights, their moving average, and each step's loss."""
    network.to(dtype).train()
    named = list(network.named_parameters())
    decays = lambda name, value: value.ndim > 1 and not name.endswith(("cls_token", "pos_embed"))
    optimizer = torch.optim.AdamW(
        [
            {"params": [value for name, value in named if decays(name, value)], "weight_decay": SETUP["weightDecay"]},
            {"params": [value for name, value in named if not decays(name, value)], "weight_decay": 0.0},
        ],
        lr=0.0,
    )
    average: dict[str, torch.Tensor] = {}
    losses = []
    for step in range(SETUP["steps"]):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(SETUP, step)
        give_shares(network, step)
        images, labels = batch(step, dtype)
        mask = mask_of(step, dtype)
        target = F.one_hot(labels, SETUP["classes"]).to(dtype)
        share = mask.mean()
        mixed = images * mask + images.flip(0) * (1 - mask)
        targets = target * share + target.flip(0) * (1 - share)
        loss = F.cross_entropy(network(mixed), targets, label_smoothing=SETUP["labelSmoothing"])
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), SETUP["clipGradientNorm"])
        assert norm > SETUP["clipGradientNorm"], "the gradient is clipped in every step"
        optimizer.step()
        losses.append(loss.item())
        for name, value in named:
            rate = SETUP["averageRate"] if step > 0 else 1.0
            before = average.get(name, value.detach())
            average[name] = (1 - rate) * before + rate * value.detach().clone()
    return network.state_dict(), average, losses


def main() -> None:
    runs = []
    for dtype in (torch.float64, torch.float32):
        network = Classifier()
        network.load_state_dict({
            name: parameter(name, tuple(value.shape)).float() for name, value in network.state_dict().items()
        })
        runs.append(train(network, dtype))
    (state, average, losses), (single, _, single_losses) = runs
    tensors = {"losses": torch.tensor(losses, dtype=torch.float64)}
    tensors |= {f"value/{name}": value for name, value in state.items()}
    tensors |= {f"average/{name}": value for name, value in average.items()}
    path = GOLDEN.with_suffix(".safetensors")
    save_file({name: value.contiguous().float().clone() for name, value in tensors.items()}, path)
    assert path.stat().st_size < 2_000_000, path
    sidecar = {
        "command": "python reference/fine_tuning_vit_steps.py",
        "seed": None,
        "versions": {
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "timm": timm.__version__,
            "torch": torch.__version__,
        },
        "description": "10 steps of mmpretrain's ViT recipe in float64: losses, final weights, their moving average.",
        **SETUP,
        "float32": {
            "loss": max(abs(a - b) / abs(b) for a, b in zip(single_losses, losses)),
            "parameter": max(
                ((single[name].double() - state[name]).norm() / state[name].norm()).item() for name in state
            ),
        },
    }
    GOLDEN.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")
    print(json.dumps(sidecar["float32"]), [round(loss, 4) for loss in losses])


if __name__ == "__main__":
    main()
