"""Writes fixtures/shards/: tars by webdataset and Parquet files by pyarrow, of files in fixtures/images, and what these
libraries themselves read from them, in fixtures/shards/shards.json.

python reference/webdataset_shards.py
"""

import hashlib
import json
import sys
from importlib.metadata import version
from pathlib import Path

import pyarrow
import pyarrow.parquet
import webdataset

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "fixtures" / "images"
SHARDS = ROOT / "fixtures" / "shards"
NAMES = ["gray.jpg", "rgb.png", "rgb.webp", "orientation_1.jpg", "gray_alpha.png"]
CLASSES = ["cat", "dog"]
EXTENSIONS = ("jpg", "png", "webp")
# Longer than the 100 bytes that a header of a tar has for a name.
LONG = "a name of many words " * 6


def digest(data: bytes) -> str:
    """What a test compares images by."""
    return hashlib.sha256(data).hexdigest()


def image(name: str) -> bytes:
    """The bytes of an image file."""
    return (IMAGES / name).read_bytes()


def write_numbered() -> None:
    """Three samples in a tar and two in the next, with labels in `cls` and `json`."""
    writer = webdataset.ShardWriter(f"{SHARDS}/numbered-%06d.tar", maxcount=3, verbose=0, mtime=0)
    with writer:
        for i, name in enumerate(NAMES):
            sample = {"__key__": f"{i:06d}", Path(name).suffix[1:]: image(name)}
            # A label of `cls` comes before one of `json`, which also stands alone.
            sample |= {"cls": i % 2, "json": {"label": 1, "name": name}} if i != 2 else {"json": {"label": 0}}
            writer.write(sample)


def write_folders() -> None:
    """Samples in folders of classes, without labels, and a name that takes a header of its own."""
    keys = ["train/cat/0", "train/cat/1", "train/dog/0", f"train/dog/{LONG}"]
    with webdataset.TarWriter(f"{SHARDS}/folders.tar", mtime=0) as writer:
        for key, name in zip(keys, NAMES):
            # `txt` is a caption, and no label.
            writer.write({"__key__": key, Path(name).suffix[1:]: image(name), "txt": f"a picture, {name}"})


def read_tar(names: list[str]) -> list[dict]:
    """What webdataset reads: keys, images and labels."""
    samples = []
    paths = [f"{SHARDS}/{name}" for name in names]
    for sample in webdataset.WebDataset(paths, shardshuffle=False):
        extension = next(each for each in EXTENSIONS if each in sample)
        found = {"path": f"{sample['__key__']}.{extension}", "image": digest(sample[extension])}
        if "cls" in sample:
            found["label"] = int(sample["cls"])
        elif "json" in sample:
            found["label"] = json.loads(sample["json"])["label"]
        samples.append(found)
    return samples


def write_structs() -> None:
    """As `datasets` of Hugging Face writes it: structs of bytes and path, two row groups, names of classes in the footer."""
    features = {"image": {"_type": "Image"}, "label": {"names": CLASSES, "_type": "ClassLabel"}}
    struct = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    schema = pyarrow.schema(
        [("image", struct), ("label", pyarrow.int64())],
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )
    rows = [{"image": {"bytes": image(name), "path": name}, "label": i % 2} for i, name in enumerate(NAMES)]
    table = pyarrow.Table.from_pylist(rows, schema=schema)
    pyarrow.parquet.write_table(table, SHARDS / "structs.parquet", row_group_size=2, compression="snappy")


def write_bytes() -> None:
    """Bytes alone with names as labels, compressed by Zstandard in pages of the second version, with an index of pages."""
    table = pyarrow.table(
        {
            "label": [CLASSES[i % 2] for i in range(len(NAMES))],
            "jpg": pyarrow.array([image(name) for name in NAMES], pyarrow.binary()),
        }
    )
    pyarrow.parquet.write_table(
        table,
        SHARDS / "bytes.parquet",
        row_group_size=3,
        compression="zstd",
        data_page_version="2.0",
        write_page_index=True,
    )


def read_parquet(name: str) -> list[dict]:
    """What pyarrow reads: images and labels."""
    rows = pyarrow.parquet.read_table(SHARDS / name).to_pylist()
    images = [row["jpg"] if "jpg" in row else row["image"]["bytes"] for row in rows]
    return [{"image": digest(data), "label": row["label"]} for data, row in zip(images, rows)]


def main() -> None:
    SHARDS.mkdir(exist_ok=True)
    write_numbered()
    write_folders()
    write_structs()
    write_bytes()
    read = {
        "numbered": read_tar(["numbered-000000.tar", "numbered-000001.tar"]),
        "folders": read_tar(["folders.tar"]),
        "structs": read_parquet("structs.parquet"),
        "bytes": read_parquet("bytes.parquet"),
    }
    facts = {
        "command": "python reference/webdataset_shards.py",
        "python": sys.version.split()[0],
        "webdataset": version("webdataset"),
        "pyarrow": pyarrow.__version__,
        "images": NAMES,
        "classes": CLASSES,
        "samples": read,
    }
    (SHARDS / "shards.json").write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
