"""Writes fixtures/golden/unclip_tokenizer_saved.json and .safetensors: the folder in which transformers saves the tokenizer of
unclip_tokenizer.py today, `tokenizer.json` without vocabulary and merges of its own, and the ids that it makes when it is
loaded from there.
"""

import json
import platform
import tempfile
from pathlib import Path

import safetensors
import tokenizers
import torch
import transformers
from safetensors.torch import save_file
from transformers import CLIPTokenizer

from unclip_tokenizer import PAD, TEXTS

FOLDER = Path(__file__).parents[1] / "fixtures" / "golden"
PATH = FOLDER / "unclip_tokenizer_saved.safetensors"


def main() -> None:
    files = json.loads((FOLDER / "unclip_tokenizer.json").read_text())["files"]
    vocab = json.loads(files["vocab.json"])
    merges = [tuple(line.split(" ")) for line in files["merges.txt"].split("\n")[1:] if line]
    with tempfile.TemporaryDirectory() as folder:
        CLIPTokenizer(vocab=vocab, merges=merges, pad_token=PAD, model_max_length=77).save_pretrained(folder)
        saved = {path.name: path.read_text() for path in sorted(Path(folder).iterdir())}
        loaded = CLIPTokenizer.from_pretrained(folder)
    ids = loaded(TEXTS, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    save_file({"ids": ids.to(torch.int64)}, PATH)
    PATH.chmod(0o644)
    sidecar = {
        "command": "python reference/unclip_tokenizer_saved.py",
        "seed": None,
        "versions": {
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "tokenizers": tokenizers.__version__,
            "transformers": transformers.__version__,
        },
        "description": "Ids [texts, 77] of transformers' CLIPTokenizer, loaded from the files that it was saved to.",
        "texts": TEXTS,
        "files": saved,
    }
    PATH.with_suffix(".json").write_text(json.dumps(sidecar, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
