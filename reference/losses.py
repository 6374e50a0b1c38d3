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
from torch import nn

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


def info_nce() -> dict[str, torch.Tensor]:
    """The cross entropy of each query's similarities, to the keys of its batch, and to its own key and a queue."""
    generator = torch.Generator().manual_seed(SEED + 5)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)
    queries, keys, queue = (F.normalize(draw(n, 5), dim=1).requires_grad_() for n in (7, 7, 9))
    weights = F.softmax(draw(7), dim=0) * 7
    # Its reciprocal is exact in float32, which ONNX Runtime scales products of matrices by, also those in float64.
    temperature = 0.25
    own = torch.cat([(queries * keys).sum(1, keepdim=True), queries @ queue.T], dim=1)
    golden = {"queries": queries.detach(), "keys": keys.detach(), "queue": queue.detach(), "weights": weights}
    for name, (logits, labels) in {
        "batch": (queries @ keys.T, torch.arange(7)),
        "queue": (own, torch.zeros(7, dtype=torch.long)),
    }.items():
        losses = F.cross_entropy(logits / temperature, labels, reduction="none")
        for kind, loss in {"plain": losses.mean(), "weighted": (weights * losses).mean()}.items():
            golden |= {f"{name}.{kind}.loss": loss.detach()}
            gradients = torch.autograd.grad(loss, (queries, keys), retain_graph=True)
            golden |= {f"{name}.{kind}.{part}": g for part, g in zip(("queries", "keys"), gradients)}
    return golden


def assignment(scores: torch.Tensor, epsilon: float, iterations: int) -> torch.Tensor:
    """Caron et al. 2020, section 3.1: alternating normalisation of exp(scores / epsilon), prototypes by samples."""
    shares = torch.exp(scores / epsilon).T
    shares = shares / shares.sum()
    prototypes, samples = shares.shape
    for _ in range(iterations):
        shares = shares / shares.sum(1, keepdim=True) / prototypes
        shares = shares / shares.sum(0, keepdim=True) / samples
    return (shares * samples).T


def swapped_prediction() -> dict[str, torch.Tensor]:
    """Codes of two views and, from three, the swapped loss, plain and weighted."""
    generator = torch.Generator().manual_seed(SEED + 2)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)
    embeddings = F.normalize(draw(3, 6, 4), dim=2)
    prototypes = F.normalize(draw(5, 4)).requires_grad_()
    weights = F.softmax(draw(6), dim=0) * 6
    scores = embeddings @ prototypes.T
    codes = [assignment(view.detach(), 0.05, 3) for view in scores[:2]]
    golden = {"embeddings": embeddings, "prototypes": prototypes.detach(), "weights": weights}
    golden |= {"scores": scores.detach(), "codes": torch.stack(codes)}
    golden |= {"codes.soft": assignment(scores[0].detach(), 0.5, 1)}
    for kind, mass in {"plain": torch.ones(6, dtype=torch.float64), "weighted": weights}.items():
        terms = [
            -(mass * (code * F.log_softmax(scores[v] / 0.1, dim=1)).sum(1)).mean()
            for a, code in enumerate(codes) for v in range(3) if v != a
        ]
        loss = sum(terms) / len(terms)
        (gradient,) = torch.autograd.grad(loss, prototypes, retain_graph=True)
        golden |= {f"{kind}.loss": loss.detach(), f"{kind}.prototypes": gradient}
    return golden


def off_diagonal(matrix: torch.Tensor) -> torch.Tensor:
    return matrix[~torch.eye(len(matrix), dtype=torch.bool)]


def weighted_standard(z: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Coordinates of mean 0 and variance 1 where samples have their weights' shares as masses."""
    mass = (weights / weights.sum())[:, None]
    centered = z - (mass * z).sum(0)
    return centered / ((mass * centered**2).sum(0) + 1e-5).sqrt()


def barlow_twins(samples: int, width: int) -> dict[str, torch.Tensor]:
    """Zbontar et al. 2021, algorithm 1, by the batch norm of PyTorch; weighted by masses of samples."""
    generator = torch.Generator().manual_seed(SEED + 3)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)
    shared = draw(samples, width)
    first = (2 * shared + draw(samples, width) + 1).requires_grad_()
    second = (shared + 0.5 * draw(samples, width)).requires_grad_()
    weights = F.softmax(draw(samples), dim=0) * 1.2 * samples
    norm = nn.BatchNorm1d(width, affine=False).double()
    matrices = {
        "plain": norm(first).T @ norm(second) / samples,
        "weighted": weighted_standard(first, weights).T
        @ ((weights / weights.sum())[:, None] * weighted_standard(second, weights)),
    }
    golden = {"first": first.detach(), "second": second.detach(), "weights": weights}
    for kind, matrix in matrices.items():
        loss = (matrix.diagonal() - 1).pow(2).sum() + 0.0051 * off_diagonal(matrix).pow(2).sum()
        loss = loss * (weights.mean() if kind == "weighted" else 1)
        gradients = torch.autograd.grad(loss, (first, second), retain_graph=True)
        golden |= {f"{kind}.loss": loss.detach()}
        golden |= {f"{kind}.{part}": value for part, value in zip(("first", "second"), gradients)}
    return golden


def vicreg(samples: int, width: int) -> dict[str, torch.Tensor]:
    """The three terms of Bardes et al. 2022, each with its gradients; the invariance plain and weighted."""
    generator = torch.Generator().manual_seed(SEED + 4)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)
    spread = torch.linspace(0.2, 2, width, dtype=torch.float64)
    first = (spread * draw(samples, width) + 1).requires_grad_()
    second = (first.detach() + 0.5 * draw(samples, width)).requires_grad_()
    weights = F.softmax(draw(samples), dim=0) * samples
    losses = {
        "variance": F.relu(1 - torch.sqrt(first.var(dim=0) + 1e-4)).mean(),
        "covariance": off_diagonal(torch.cov(first.T)).pow(2).sum() / width,
        "invariance": F.mse_loss(first, second),
        "invariance.weighted": (weights * (first - second).pow(2).mean(1)).mean(),
    }
    golden = {"first": first.detach(), "second": second.detach(), "weights": weights}
    for name, loss in losses.items():
        (gradient,) = torch.autograd.grad(loss, (first,), retain_graph=True)
        golden |= {f"{name}.loss": loss.detach(), f"{name}.first": gradient}
    return golden


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
    save(
        "loss_info_nce",
        "InfoNCE of 7 queries among the keys of the batch, and among their own and a queue of 9, at temperature 0.25, plain "
        "and weighted, and its gradients, in float64.",
        info_nce(),
    )
    save(
        "loss_swapped_prediction",
        "Scores of 6 samples in 3 views on 5 prototypes, codes of 2 of them, the swapped loss, plain and weighted, and "
        "its gradient, in float64.",
        swapped_prediction(),
    )
    for kind, samples, width in (("wide", 6, 8), ("long", 9, 4)):
        save(
            f"loss_barlow_twins_{kind}",
            f"Barlow Twins' loss of {samples} pairs of {width} coordinates, plain and weighted, and its gradients, in "
            "float64.",
            barlow_twins(samples, width),
        )
        save(
            f"loss_vicreg_{kind}",
            f"VICReg's terms of {samples} pairs of {width} coordinates and their gradients, in float64.",
            vicreg(samples, width),
        )


if __name__ == "__main__":
    main()
