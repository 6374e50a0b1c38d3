"""Writes fixtures/golden/evaluate_*.safetensors: neighbours, votes and singular values of small features by PyTorch.

The bank and the queries are noisy copies of class centres, so that classification is neither trivial nor hopeless.
"""

import json
import platform
from pathlib import Path

import safetensors
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from hashed_values import uniform

FOLDER = Path(__file__).parents[1] / "fixtures" / "golden"
SEED = 0
CLASSES, WIDTH = 9, 16
K, TEMPERATURE = 10, 0.07


def features(name: str, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    labels = torch.arange(rows) * 4 % CLASSES
    centres = uniform(f"{SEED}/centres", (CLASSES, WIDTH))
    return (centres[labels] + uniform(f"{SEED}/{name}", (rows, WIDTH), 1.4)).float(), labels


def classify(similarity: torch.Tensor, bank_labels: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
    """InstDisc's rule, with a stable sort, so that of equal scores the lowest class comes first."""
    values, indices = similarity.topk(K, dim=1)
    votes = F.one_hot(bank_labels[indices], CLASSES) * (values / TEMPERATURE).exp().unsqueeze(-1)
    scores = votes.sum(1)
    order = scores.sort(dim=1, descending=True, stable=True).indices
    hits = (order == labels.unsqueeze(1)) & (scores.gather(1, order) > 0)
    return {
        "indices": indices,
        "similarities": values,
        "predictions": order[:, 0],
        "top1": hits[:, :1].any(1).double().mean(),
        "top5": hits[:, :5].any(1).double().mean(),
    }


def classify_by_distance(bank: torch.Tensor, queries: torch.Tensor, bank_labels: torch.Tensor) -> dict[str, torch.Tensor]:
    """solo-learn's rule for Euclidean distances, whose votes no temperature changes."""
    similarity = 1 / (torch.cdist(queries, bank) + 1e-5)
    values, indices = similarity.topk(K, dim=1)
    scores = (F.one_hot(bank_labels[indices], CLASSES) * values.unsqueeze(-1)).sum(1)
    return {"indices": indices, "votes": values, "predictions": scores.argmax(1)}


def write(name: str, description: str, tensors: dict[str, torch.Tensor], more: dict) -> None:
    path = FOLDER / f"evaluate_{name}"
    save_file({key: value.contiguous() for key, value in tensors.items()}, path.with_suffix(".safetensors"))
    sidecar = {
        "command": "python reference/knn.py",
        "seed": SEED,
        "versions": {
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
        },
        "description": description,
    }
    path.with_suffix(".json").write_text(json.dumps(sidecar | more, indent=2) + "\n")


def main() -> None:
    bank, bank_labels = features("bank", 90)
    queries, labels = features("queries", 41)
    unit_bank, unit_queries = (F.normalize(x.double()) for x in (bank, queries))
    against_bank = classify(unit_queries @ unit_bank.T, bank_labels, labels)
    itself = unit_bank @ unit_bank.T
    itself.fill_diagonal_(float("-inf"))
    against_itself = classify(itself, bank_labels, bank_labels)
    by_distance = classify_by_distance(bank.double(), queries.double(), bank_labels)
    tensors = {"bank": bank, "bank_labels": bank_labels, "queries": queries, "labels": labels}
    tensors |= {f"bank.{name}": value for name, value in against_bank.items()}
    tensors |= {f"itself.{name}": value for name, value in against_itself.items()}
    tensors |= {f"distance.{name}": value for name, value in by_distance.items()}
    write("knn", "Weighted nearest neighbours in float64, of queries in a bank and of the bank in itself.", tensors,
          {"k": K, "temperature": TEMPERATURE})
    decaying = bank * 0.75 ** torch.arange(WIDTH)
    singular = torch.linalg.svdvals(decaying.double())
    shares = singular / singular.sum() + 1e-7
    spread = F.normalize(decaying.double()).std(0, correction=0).mean()
    write("collapse", "Singular values, RankMe and spread of features in float64.",
          {"features": decaying, "singular_values": singular, "rank": torch.special.entr(shares).sum().exp(), "spread": spread},
          {})


if __name__ == "__main__":
    main()
