"""Writes fixtures/golden/fine_tuning_steps.*: 10 steps of fine-tuning a ResNet-18 in PyTorch, from hashed weights.

The network is torchvision's resnet18 with a 3x3 stem of stride 1 and no max-pool, batch norms in training mode, under a
linear classifier of its own learning rate; cross entropy with label smoothing; torch.optim.SGD with a cosine learning
rate and no decay of biases and norms. The golden is the run in float64; the sidecar tells how far the same run in float32
leads away from it. Residual branches start weak, as in simsiam_steps.py, which tells why.
"""

import json
import math
import platform
import re
from pathlib import Path

import numpy as np
import safetensors
import torch
import torch.nn.functional as F
import torchvision
from safetensors.torch import save_file
from torch import nn

from hashed_values import parameter, sampled_indices, uniform

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden" / "fine_tuning_steps"
SETUP = {
    "steps": 10,
    "batchSize": 16,
    "size": 16,
    "classes": 10,
    "learningRate": 0.01,
    "classifierLearningRate": 0.1,
    "weightDecay": 1e-3,
    "labelSmoothing": 0.1,
    "branchScale": 0.2,
    "samples": 1024,
}
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = torchvision.models.resnet18()
        self.backbone.conv1 = nn.Conv2d(3, 64, 3, stride=1, padding=1, bias=False)
        self.backbone.maxpool = nn.Identity()
        self.backbone.fc = nn.Identity()
        self.classifier = nn.Linear(512, SETUP["classes"])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.backbone(images))


def initial_values(network: nn.Module) -> dict[str, torch.Tensor]:
    values = network.state_dict()
    for name, value in network.named_parameters():
        scale = SETUP["branchScale"] if re.search(r"layer.*bn2\.weight", name) else 1
        values[name] = (scale * parameter(name, tuple(value.shape))).float()
    return {name: value.clone() for name, value in values.items()}


def batch(step: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """Images of coarse squares as bytes, normalised, and their classes."""
    count, size = SETUP["batchSize"], SETUP["size"]
    coarse = uniform(f"images.{step}", (count, size // 4, size // 4, 3)).numpy()
    pixels = np.floor((coarse + 1) * 128).astype(np.uint8).repeat(4, axis=1).repeat(4, axis=2)
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).to(dtype) / 255
    mean, std = (torch.tensor(values, dtype=dtype).view(1, 3, 1, 1) for values in (MEAN, STD))
    return (images - mean) / std, (torch.arange(count) * 3 + step) % SETUP["classes"]


def train(network: Classifier, dtype: torch.dtype) -> tuple[dict[str, torch.Tensor], list[float]]:
    network.to(dtype).train()
    flat = lambda wanted: [p for p in network.backbone.parameters() if (p.ndim < 2) == wanted]
    rate, own = SETUP["learningRate"], SETUP["classifierLearningRate"]
    decay = SETUP["weightDecay"]
    optimizer = torch.optim.SGD(
        [
            {"params": flat(False), "lr": rate, "weight_decay": decay},
            {"params": flat(True), "lr": rate, "weight_decay": 0.0},
            {"params": [network.classifier.weight], "lr": own, "weight_decay": decay},
            {"params": [network.classifier.bias], "lr": own, "weight_decay": 0.0},
        ],
        momentum=0.9,
    )
    cosine = lambda step: (1 + math.cos(math.pi * step / SETUP["steps"])) / 2
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, cosine)
    losses = []
    for step in range(SETUP["steps"]):
        images, labels = batch(step, dtype)
        loss = F.cross_entropy(network(images), labels, label_smoothing=SETUP["labelSmoothing"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return network.state_dict(), losses


def main() -> None:
    runs = []
    for dtype in (torch.float64, torch.float32):
        network = Classifier()
        initial = initial_values(network)
        network.load_state_dict(initial)
        runs.append(train(network, dtype))
        parameters = [name for name, _ in network.named_parameters()]
    (state, losses), (single, single_losses) = runs
    tensors = {"losses": torch.tensor(losses, dtype=torch.float64)}
    for name, value in state.items():
        if value.dtype == torch.int64:
            tensors[f"value/{name}"] = value
            continue
        samples = torch.from_numpy(sampled_indices(name, value.numel(), SETUP["samples"]))
        tensors[f"value/{name}"] = value.flatten()[samples]
        tensors[f"change/{name}"] = (value - initial[name].double()).norm()
    path = GOLDEN.with_suffix(".safetensors")
    save_file({name: value.contiguous().clone() for name, value in tensors.items()}, path)
    assert path.stat().st_size < 2_000_000, path
    changes = {
        name: ((single[name].double() - state[name]).norm() / (state[name] - initial[name].double()).norm()).item()
        for name in parameters
    }
    which = max(changes, key=changes.get)
    sidecar = {
        "command": "python reference/fine_tuning_steps.py",
        "seed": None,
        "versions": {
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
        "description": "10 steps of fine-tuning a small ResNet-18 in float64: losses and final state.",
        **SETUP,
        "float32": {
            "loss": max(abs(a - b) / abs(b) for a, b in zip(single_losses, losses)),
            "change": changes[which],
            "which": which,
        },
    }
    GOLDEN.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")
    print(json.dumps(sidecar["float32"]), [round(loss, 4) for loss in losses])


if __name__ == "__main__":
    main()
