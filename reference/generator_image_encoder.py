"""Writes fixtures/golden/generator_image_encoder.{safetensors,json}: what transformers makes of an image encoder of genview.

    deno run -A tests/core/encoders/hashed_clip_folder.ts FOLDER
    python reference/generator_image_encoder.py FOLDER

CLIPVisionModelWithProjection and CLIPImageProcessor load the folder as it is, without a missing or an unexpected
tensor. The golden holds the embeddings of two hashed images and their patches' tokens after the last normalisation, in
float64.
"""

import json
import platform
import sys
from pathlib import Path

import numpy as np
import safetensors
import torch
import transformers
from safetensors.torch import save_file
from transformers import CLIPImageProcessor, CLIPVisionModelWithProjection

from hashed_values import words

GOLDEN = Path(__file__).resolve().parents[1] / "fixtures" / "golden" / "generator_image_encoder"


def main() -> None:
    folder = Path(sys.argv[1])
    model, loaded = CLIPVisionModelWithProjection.from_pretrained(folder / "image_encoder", output_loading_info=True)
    assert not any(loaded.values()), loaded
    processor = CLIPImageProcessor.from_pretrained(folder / "feature_extractor")
    size = model.config.image_size
    count = 2 * size * size * 3
    images = (words(f"images/{size}", count) >> 24).astype(np.uint8).reshape(2, size, size, 3)
    pixels = processor(list(images), return_tensors="pt").pixel_values.double()
    model.double().eval()
    with torch.no_grad():
        made = model(pixels)
        tokens = model.vision_model.post_layernorm(made.last_hidden_state[:, 1:])
    save_file(
        {"embeddings": made.image_embeds.float().contiguous(), "tokens": tokens.float().contiguous()},
        GOLDEN.with_suffix(".safetensors"),
    )
    sidecar = {
        "command": "deno run -A tests/core/encoders/hashed_clip_folder.ts FOLDER; "
        "python reference/generator_image_encoder.py FOLDER",
        "seed": None,
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "safetensors": safetensors.__version__,
        },
    }
    GOLDEN.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


main()
