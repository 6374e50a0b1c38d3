"""Writes fixtures/golden/unclip_tokenizer.json and .safetensors: ids that transformers' CLIPTokenizer makes of texts.

The vocabulary is a small one of CLIP's layout, its pairs learnt from the sentences below. The padding is "!", as in Stable
Diffusion 2. The sidecar holds the vocabulary's files and the texts, the golden the ids.
"""

import json
import platform
from pathlib import Path

import safetensors
import tokenizers
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

PATH = Path(__file__).parents[1] / "fixtures" / "golden" / "unclip_tokenizer.safetensors"
START, END, PAD = "<|startoftext|>", "<|endoftext|>", "!"
MERGES = 400
SENTENCES = [
    "a photo of a cat on the red sofa, and another photo of the same cat asleep in the garden",
    "the quick brown fox jumps over the lazy dog while the other dogs are watching from the porch",
    "an oil painting of a lighthouse at night, the sea is stormy and the moon isn't to be seen",
    "your custom text prompt here, it's what they've written and we'll not change what you're reading",
    "a naïve drawing of a café in paris, with children playing under chestnut trees in autumn light",
    "high resolution photograph of a mountain lake, reflections of the peaks, early morning mist",
]
TEXTS = [
    "", " ", "a photo of a cat", "Your custom text prompt here", "A PHOTO of a Cat", "hello, world!", "wow!!", "!", "a ! b",
    "it's they've we'll I'm you're he'd isn't", "2024 is 3 x 7", "naïve café", "nai\u0308ve cafe\u0301", "你好", "猫の写真",
    "🐱 and 🐶🏽‍🦱", "tab\tand\nnewline  two   spaces", "a\u00a0b\u3000c", "…—«quotes»", "under_score-hyphen/slash\\back",
    "<|startoftext|>a cat<|endoftext|>", "100% of $5.00 (approx.)", "http://example.org/a?b=c&d=e",
    "straße STRASSE ΣΊΣΥΦΟΣ İstanbul", "½ ² ٣ Ⅳ", "'s 't '", "''''", "end", "photograph photographs photo", "\u200bzero\ufeffwidth",
    "a\u0007bell", "ﬁ ligature", "supercalifragilisticexpialidocious", "the " * 74, "the " * 75, "the " * 76, "the " * 200,
    "!" * 80, "mixedCASE and123numbers456", "e\u0301\u0301", "word\u0301 \u0301alone",
]


def byte_symbols() -> list[str]:
    """The printable stand-ins of bytes, in CLIP's order."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(b) for b in printable] + [chr(256 + i) for i in range(256 - len(printable))]


def learn_merges() -> list[tuple[str, str]]:
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    learner.pre_tokenizer = CLIPTokenizer().backend_tokenizer.pre_tokenizer
    trainer = trainers.BpeTrainer(vocab_size=100_000, end_of_word_suffix="</w>", show_progress=False, limit_alphabet=1000)
    learner.train_from_iterator(SENTENCES, trainer)
    return [tuple(pair) for pair in json.loads(learner.to_str())["model"]["merges"]][:MERGES]


def main() -> None:
    merges = learn_merges()
    symbols = byte_symbols()
    tokens = [*symbols, *(s + "</w>" for s in symbols), *dict.fromkeys(a + b for a, b in merges), START, END]
    vocab = {token: i for i, token in enumerate(dict.fromkeys(tokens))}
    tokenizer = CLIPTokenizer(vocab=vocab, merges=merges, pad_token=PAD)
    ids = tokenizer(TEXTS, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    assert tokenizer.pad_token_id == 0
    save_file({"ids": ids.to(torch.int64)}, PATH)
    PATH.chmod(0o644)
    sidecar = {
        "command": "python reference/unclip_tokenizer.py",
        "seed": None,
        "versions": {
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "tokenizers": tokenizers.__version__,
            "transformers": transformers.__version__,
        },
        "description": "Ids [texts, 77] of transformers' CLIPTokenizer with a small vocabulary and the padding \"!\".",
        "texts": TEXTS,
        "files": {
            "vocab.json": json.dumps(vocab, ensure_ascii=False),
            "merges.txt": "\n".join(["#version: 0.2", *(" ".join(pair) for pair in merges)]) + "\n",
            "special_tokens_map.json": json.dumps({
                "bos_token": {"content": START, "lstrip": False, "normalized": True, "rstrip": False},
                "eos_token": {"content": END, "lstrip": False, "normalized": True, "rstrip": False},
                "pad_token": PAD,
            }),
            "tokenizer_config.json": json.dumps({"pad_token": END, "model_max_length": 77}),
        },
    }
    PATH.with_suffix(".json").write_text(json.dumps(sidecar, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
