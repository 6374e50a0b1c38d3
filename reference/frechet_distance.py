"""Writes fixtures/golden/frechet_distance.json: distances of normal distributions of embeddings by SciPy, in float64.

The embeddings are hashed numbers, mixed so that their coordinates depend on each other; tests compute the same ones.
"""

import json
import platform
from pathlib import Path

import numpy as np
import scipy
from scipy.linalg import sqrtm

from hashed_values import uniform

PATH = Path(__file__).parents[1] / "fixtures" / "golden" / "frechet_distance.json"
# Width, and the images of both sides: more than coordinates, fewer, and one of each.
CASES = ((12, 40, 30), (24, 10, 14), (16, 50, 9))


def embeddings(name: str, rows: int, width: int, offset: float) -> np.ndarray:
    """Rows of hashed numbers, each added to half of its left neighbour."""
    plain = uniform(name, (rows, width), 1.0, offset).numpy()
    return (plain + 0.5 * np.roll(plain, 1, axis=1)).astype(np.float32).astype(np.float64)


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """Equation 6 of Heusel et al. 2017; of singular covariances the root's trace by singular values."""
    (n, width), (m, _) = a.shape, b.shape
    if min(n, m) > width:
        trace = np.trace(sqrtm(np.cov(a, rowvar=False) @ np.cov(b, rowvar=False))).real
    else:
        left, right = (a - a.mean(0)) / np.sqrt(n - 1), (b - b.mean(0)) / np.sqrt(m - 1)
        trace = np.linalg.svd(left @ right.T, compute_uv=False).sum()
    spread = np.trace(np.cov(a, rowvar=False)) + np.trace(np.cov(b, rowvar=False))
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + spread - 2 * trace)


def main() -> None:
    cases = [
        {
            "width": width,
            "rows": rows,
            "distance": distance(*(
                embeddings(f"{width}/{side}", count, width, 0.25 * side) for side, count in enumerate(rows)
            )),
        }
        for width, *rows in CASES
    ]
    sidecar = {
        "command": "python reference/frechet_distance.py",
        "seed": None,
        "versions": {
            "numpy": np.__version__,
            "python": platform.python_version(),
            "scipy": scipy.__version__,
        },
        "description": "Distances of the normal distributions of two sets of hashed embeddings WIDTH/0 and WIDTH/1.",
        "cases": cases,
    }
    PATH.write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
