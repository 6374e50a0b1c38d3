"""Writes fixtures/golden/loss_*.safetensors: losses of weighted pairs and their gradients, by PyTorch in float64.

python reference/losses.py
"""

import json
import platform
from pathlib import Path

import safetensors
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

FOLDER = Path(__file__).parents[1] / "fixtures" / "golden"
SEED = 5


def negative_cosine_similarity() -> dict[str, torch.Tensor]:
    """The mean over all samples of w times the negative cosine, with and without weights."""
    generator = torch.Generator().manual_seed(SEED)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)
    prediction, target = draw(7, 6).requires_grad_(), draw(7, 6).requires_grad_()
    weights = F.softmax(draw(7), dim=0) * 7
    cosine = (F.normalize(prediction) * F.normalize(target)).sum(1)
    golden = {"prediction": prediction.detach(), "target": target.detach(), "weights": weights}
    for name, loss in {"plain": -cosine.mean(), "weighted": -(weights * cosine).mean()}.items():
        gradients = torch.autograd.grad(loss, (prediction, target), retain_graph=True)
        golden |= {f"{name}.loss": loss.detach()}
        golden |= {f"{name}.{part}": value for part, value in zip(("prediction", "target"), gradients)}
    return golden


def cross_entropy() -> dict[str, torch.Tensor]:
    """The mean over all samples of w times the cross entropy, of labels and of probabilities."""
    generator = torch.Generator().manual_seed(SEED + 1)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)
    logits = (3 * draw(7, 5)).requires_grad_()
    labels = torch.tensor([0, 4, 2, 2, 1, 3, 0])
    probabilities = F.softmax(draw(7, 5), dim=1).requires_grad_()
    weights = F.softmax(draw(7), dim=0) * 7
    golden = {
        "logits": logits.detach(),
        "labels": labels,
        "probabilities": probabilities.detach(),
        "weights": weights,
    }
    hard = F.cross_entropy(logits, labels, reduction="none")
    soft = F.cross_entropy(logits, probabilities, reduction="none")
    for name, per_sample in {"labels": hard, "probabilities": soft}.items():
        for kind, loss in {"plain": per_sample.mean(), "weighted": (weights * per_sample).mean()}.items():
            golden |= {f"{name}.{kind}.loss": loss.detach()}
            (gradient,) = torch.autograd.grad(loss, logits, retain_graph=True)
            golden |= {f"{name}.{kind}.logits": gradient}
    (gradient,) = torch.autograd.grad(soft.mean(), probabilities)
    return golden | {"probabilities.plain.target": gradient}


def save(name: str, description: str, tensors: dict[str, torch.Tensor]) -> None:
    path = FOLDER / name
    save_file({name: value.contiguous().clone() for name, value in tensors.items()}, path.with_suffix(".safetensors"))
    sidecar = {
        "command": "python reference/losses.py",
        "seed": SEED,
        "versions": {
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
        },
        "description": description,
    }
    path.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


def main() -> None:
    save(
        "loss_negative_cosine_similarity",
        "Negative cosine similarity of 7 pairs, plain and weighted, and its gradients, in float64.",
        negative_cosine_similarity(),
    )
    save(
        "loss_cross_entropy",
        "Cross entropy of 7 samples of 5 classes, by labels and by probabilities, plain and weighted, and its "
        "gradients, in float64.",
        cross_entropy(),
    )


if __name__ == "__main__":
    main()
