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


def main() -> None:
    path = FOLDER / "loss_negative_cosine_similarity"
    tensors = {name: value.contiguous().clone() for name, value in negative_cosine_similarity().items()}
    save_file(tensors, path.with_suffix(".safetensors"))
    sidecar = {
        "command": "python reference/losses.py",
        "seed": SEED,
        "versions": {
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
        },
        "description": "Negative cosine similarity of 7 pairs, plain and weighted, and its gradients, in float64.",
    }
    path.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
