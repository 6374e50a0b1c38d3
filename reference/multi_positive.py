"""Writes fixtures/golden/loss_multi_positive.*: the contrastive loss of several positives and its gradients in float64.

StableRep's formulation (Tian et al. 2023, section 3.2): one matrix of similarities of all views of all images, whose row
softmax is compared with the uniform distribution over the other views of the row's image; GenView++ multiplies each
pair's term by its weight. `own` leaves out the diagonal alone, `others` all of a row's own view, as MoCo v3 does.
"""

import json
import platform
from pathlib import Path

import safetensors
import torch
from safetensors.torch import save_file

PATH = Path(__file__).parents[1] / "fixtures" / "golden" / "loss_multi_positive"
SEED, VIEWS, SAMPLES, WIDTH = 11, 3, 5, 4
# Its reciprocal is exact in float32, which ONNX Runtime scales products of matrices by, also those in float64.
TEMPERATURE = 0.25


def loss_of(queries: torch.Tensor, keys: torch.Tensor, weights: torch.Tensor, own: bool) -> torch.Tensor:
    """The loss of `[V N, D]` queries and keys under weights `[V N, V N]`, which count where rows show the same image."""
    view = torch.arange(VIEWS).repeat_interleave(SAMPLES)
    image = torch.arange(SAMPLES).repeat(VIEWS)
    itself = torch.eye(VIEWS * SAMPLES, dtype=torch.bool)
    excluded = itself if own else view[:, None] == view[None, :]
    positive = (image[:, None] == image[None, :]) & ~itself
    share = positive.double() / positive.sum(1, keepdim=True)
    logits = (queries @ keys.T / TEMPERATURE).masked_fill(excluded, -torch.inf)
    # What is left out has share 0, which times the infinite logarithm would be no number.
    logarithms = logits.log_softmax(1).masked_fill(excluded, 0)
    return -(share * weights * logarithms).sum(1).mean()


def main() -> None:
    generator = torch.Generator().manual_seed(SEED)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)
    unit = lambda: torch.nn.functional.normalize(draw(VIEWS * SAMPLES, WIDTH), dim=1)
    queries, keys = unit().requires_grad_(), unit().requires_grad_()
    # Of both orders of a pair of views, the weights are those of the pair: mean 1 over all three pairs.
    pairs = [(0, 1), (0, 2), (1, 2)]
    drawn = torch.softmax(draw(len(pairs) * SAMPLES), dim=0) * len(pairs) * SAMPLES
    of_pair = dict(zip(pairs, drawn.split(SAMPLES)))
    weights = torch.zeros(VIEWS * SAMPLES, VIEWS * SAMPLES, dtype=torch.float64)
    for (first, second), values in of_pair.items():
        for a, b in ((first, second), (second, first)):
            block = weights[a * SAMPLES:(a + 1) * SAMPLES, b * SAMPLES:(b + 1) * SAMPLES]
            block.copy_(torch.diag(values))
    tensors = {"queries": queries.detach(), "keys": keys.detach()}
    tensors |= {f"weights.{first}.{second}": values for (first, second), values in of_pair.items()}
    for candidates in ("own", "others"):
        for kind, chosen in {"plain": torch.ones_like(weights), "weighted": weights}.items():
            loss = loss_of(queries, keys, chosen, candidates == "own")
            gradients = torch.autograd.grad(loss, (queries, keys))
            tensors |= {f"{candidates}.{kind}.loss": loss.detach()}
            tensors |= {f"{candidates}.{kind}.{part}": g for part, g in zip(("queries", "keys"), gradients)}
    path = PATH.with_suffix(".safetensors")
    save_file({name: value.contiguous().clone() for name, value in tensors.items()}, path)
    path.chmod(0o644)
    sidecar = {
        "command": "python reference/multi_positive.py",
        "seed": SEED,
        "versions": {
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
        },
        "description": "Contrastive loss of 3 views of 5 images with all positives, plain and weighted, and its gradients.",
        "views": VIEWS,
        "temperature": TEMPERATURE,
    }
    PATH.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
