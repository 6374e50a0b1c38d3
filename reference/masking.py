"""Writes fixtures/golden/masking_*: PCA of tokens by PyTorch, thresholds by NumPy's histogram, ratios and noise levels.

The histogram rule is GenView's (tools/clip_pca/extract_features_pca.py at 38a6a78), and its edges depend on NumPy:
until 1.26 they are computed in float64 and rounded, from 2.0 on in float32. GenView pins PyTorch 2.0.1, which runs with
NumPy 1 only, so that the thresholds are made by that:

    python reference/masking.py pca           # PyTorch, any NumPy
    python reference/masking.py thresholds    # NumPy 1.26.4 and safetensors
"""

import json
import platform
import sys
from pathlib import Path

import numpy as np
import safetensors
from safetensors.numpy import save_file

FOLDER = Path(__file__).parents[1] / "fixtures" / "golden"
EDGES = [0, 0.2, 0.4, 0.6, 0.8, 1.0]
LEVELS = [0, 100, 200, 300, 400, 500]


def fnv1a(name: str) -> int:
    result = 0x811C9DC5
    for byte in name.encode("ascii"):
        result = ((result ^ byte) * 0x01000193) & 0xFFFFFFFF
    return result


def uniform(name: str, count: int) -> np.ndarray:
    """The values of reference/hashed_values.py, in float64 and without PyTorch."""
    x = np.uint32(fnv1a(name)) + np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    x = x ^ (x >> np.uint32(16))
    return (x >> np.uint32(8)).astype(np.float64) / 2**23 - 1


def normal(name: str, count: int) -> np.ndarray:
    """Nearly normal: sums of twelve uniform values of [-1/2, 1/2), exact in float64."""
    return sum(uniform(f"{name}/{i}", count) for i in range(12)) / 2


def write(name: str, description: str, tensors: dict[str, np.ndarray], versions: dict, command: str) -> None:
    path = FOLDER / f"masking_{name}"
    save_file({key: np.ascontiguousarray(value) for key, value in tensors.items()}, path.with_suffix(".safetensors"))
    sidecar = {
        "command": f"python reference/masking.py {command}",
        "seed": 0,
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "safetensors": safetensors.__version__}
        | versions,
        "description": description,
    }
    path.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


def write_pca() -> None:
    import torch

    # Three blobs of 200 tokens of 32 features, away from zero.
    rows, width = 600, 32
    centres = uniform("masking/centres", 3 * width).reshape(3, width) * 2 + 3
    tokens = (centres[np.arange(rows) % 3] + uniform("masking/tokens", rows * width).reshape(rows, width)).astype(np.float32)
    data = torch.from_numpy(tokens)
    mean = data.mean(0)
    centred = data - mean
    covariance = centred.T @ centred / (rows - 1)
    values, vectors = torch.linalg.eigh(covariance)
    vector = vectors[:, values.argmax()]
    double = torch.from_numpy(tokens).double()
    write(
        "pca",
        "Mean, covariance, first eigenvector (its sign is LAPACK's), eigenvalues from the largest, and scores, "
        "of 600 tokens of 32 features in three blobs; float64 ones as well",
        {
            "mean": mean.numpy(),
            "covariance": covariance.numpy(),
            "covariance64": torch.cov(double.T).numpy(),
            "vector": vector.numpy(),
            "eigenvalues": values.flip(0).numpy(),
            "scores": (data @ vector).numpy(),
        },
        {"torch": torch.__version__},
        "pca",
    )


def genview_threshold(scores: np.ndarray) -> np.float32:
    """The left edge under the first cumulative share of 0.65 or more; equal shares keep the last edge."""
    counts, edges = np.histogram(scores, bins=200)
    edge_by_share = dict(zip(np.cumsum(counts) / np.sum(counts), edges[:-1]))
    return next(edge for share, edge in edge_by_share.items() if share >= 0.65)


def write_thresholds() -> None:
    scores = {
        "normal": normal("masking/normal", 256_000),
        "tied": np.repeat([0.0, 1, 9, 10], [3, 9, 5, 3]),
        "skewed": uniform("masking/skewed", 5000) ** 3 * 7 - 2,
        "offset": normal("masking/offset", 5000) / 64 + 1000,
        "gap": np.where(uniform("masking/gap", 4000) < 0.3, 0, 50) + uniform("masking/gap/noise", 4000),
        "two": np.repeat([-3.25, 4.5], [65, 35]),
        "constant": np.full(64, 2.5),
    }
    tensors: dict[str, np.ndarray] = {}
    for name, values in scores.items():
        values = values.astype(np.float32)
        counts, edges = np.histogram(values, bins=200)
        threshold = genview_threshold(values)
        tensors |= {
            f"{name}/counts": counts.astype(np.int64),
            f"{name}/edges": edges,
            f"{name}/threshold": np.array([threshold], np.float32),
        }
        assert edges.dtype == np.float32 and threshold.dtype == np.float32
    # Ratios: float32 shares of 196 and 256 tokens, as Python's float prints them, and the level of each.
    levels = {}
    for tokens in (49, 196, 256):
        ratios = np.arange(tokens + 1, dtype=np.float32) / np.float32(tokens)
        index = np.clip(np.digitize(ratios.astype(np.float64), EDGES, right=True) - 1, 0, 5)
        levels |= {
            f"ratios/{tokens}": ratios,
            f"levels/{tokens}": np.array(LEVELS)[index].astype(np.int64),
            f"texts/{tokens}": np.frombuffer("\n".join(str(float(r)) for r in ratios).encode(), np.uint8),
        }
    write(
        "thresholds",
        "Counts, edges and GenView's threshold of scores that tests draw again; ratios k/n as float32, their texts and "
        "noise levels",
        tensors | levels,
        {},
        "thresholds",
    )


if __name__ == "__main__":
    {"pca": write_pca, "thresholds": write_thresholds}[sys.argv[1]]()
