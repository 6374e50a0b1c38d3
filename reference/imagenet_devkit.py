"""Writes fixtures/golden/imagenet_devkit*.mat: synsets as ImageNet's development kit has them, and what torchvision reads.

The structure has the kit's fields, with made-up synsets; scipy writes it with compression and without. torchvision's
parse_devkit_archive reads it beside a list of labels, without its check of the published archive's sum.
"""

import json
import platform
import shutil
import tarfile
import tempfile
from pathlib import Path

import numpy
import scipy
import torch
import torchvision
from scipy.io import savemat
from torchvision.datasets import imagenet

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden"
# ID, WNID, words and children: the last two synsets have children, and so are no classes.
SYNSETS = [
    (1, "n02119789", "kit fox, Vulpes macrotis", []),
    (2, "n02100735", "English setter", []),
    (3, "n02110185", "Siberian husky", []),
    (4, "n01440764", "tench, Tinca tinca", []),
    (5, "n02083346", "canine, canid", [1, 2, 3]),
    (6, "n00001930", "physical entity", [4, 5]),
]
LABELS = [4, 1, 1, 3, 2, 4, 3]
FIELDS = ["ILSVRC2012_ID", "WNID", "words", "gloss", "num_children", "children", "wordnet_height", "num_train_images"]


def synsets() -> numpy.ndarray:
    rows = [
        (float(number), wnid, words, "a gloss", float(len(children)), numpy.array(children, "float64"), 0.0, 1300.0)
        for number, wnid, words, children in SYNSETS
    ]
    return numpy.array([[row] for row in rows], dtype=[(name, "O") for name in FIELDS])


def read_by_torchvision(mat: Path) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "ILSVRC2012_devkit_t12" / "data"
        data.mkdir(parents=True)
        shutil.copy(mat, data / "meta.mat")
        (data / "ILSVRC2012_validation_ground_truth.txt").write_text("".join(f"{label}\n" for label in LABELS))
        with tarfile.open(Path(folder) / "devkit.tar.gz", "w:gz") as archive:
            archive.add(data.parent, data.parent.name)
        imagenet._verify_archive = lambda root, file, md5: None
        imagenet.parse_devkit_archive(folder, "devkit.tar.gz")
        return torch.load(Path(folder) / imagenet.META_FILE)[1]


def main() -> None:
    wnids = []
    for name, compressed in [("imagenet_devkit", True), ("imagenet_devkit_plain", False)]:
        path = GOLDEN / f"{name}.mat"
        savemat(path, {"synsets": synsets()}, do_compression=compressed)
        wnids.append(read_by_torchvision(path))
    assert wnids[0] == wnids[1]
    sidecar = {
        "command": "python reference/imagenet_devkit.py",
        "seed": None,
        "versions": {
            "numpy": numpy.__version__,
            "python": platform.python_version(),
            "scipy": scipy.__version__,
            "torchvision": torchvision.__version__,
        },
        "description": "Synsets in the structure of ImageNet's meta.mat, labels by their numbers, and the WordNet ids "
        "that torchvision's parse_devkit_archive makes of those.",
        "labels": LABELS,
        "wnids": wnids[0],
    }
    (GOLDEN / "imagenet_devkit.json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
