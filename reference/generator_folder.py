"""Writes fixtures/golden/generator_folder.safetensors: images by diffusers' StableUnCLIPImg2ImgPipeline of folders that GenView
has written, in float32, in float16, and in float32 with a UNet of adaptive group normalisation, loaded as they are: no library may
have anything to say about a file.

The folders are those of a small generator of hashed weights: `deno run --allow-read --allow-write --allow-env --allow-ffi
--allow-sys reference/generator_folder.ts FOLDER` writes FOLDER/float32, FOLDER/float16 and FOLDER/adaptive, and this program
takes FOLDER. Source images, latents and the noise of the embeddings are hashed. Networks compute in float32, also on float16
weights.
"""

import json
import logging
import platform
import sys
import warnings
from pathlib import Path
from unittest import mock

import diffusers
import numpy as np
import safetensors
import torch
import transformers
from diffusers import StableUnCLIPImg2ImgPipeline
from PIL import Image
from safetensors.torch import save_file

from hashed_values import uniform, words
from unclip_tokenizer import TEXTS

PATH = Path(__file__).parents[1] / "fixtures" / "golden" / "generator_folder.safetensors"
MODULE = "diffusers.pipelines.stable_diffusion.pipeline_stable_unclip_img2img"
# Width and height of the source images: one as the encoder takes it, one to be resized and cropped.
SIZES = [(32, 32), (52, 40)]
CASES = [
    {"images": [0, 1], "prompt": "", "level": 0, "guidance": 1.0, "steps": 6},
    {"images": [0], "prompt": "", "level": 400, "guidance": 3.0, "steps": 6},
    {"images": [1], "prompt": "a café 🐱", "level": 100, "guidance": 3.0, "steps": 12},
]


def picture(index: int) -> Image.Image:
    width, height = SIZES[index]
    noise = (words(f"picture/{index}", width * height * 3) >> 24).reshape(height, width, 3)
    return Image.fromarray(noise.astype(np.uint8))


class Messages(logging.Handler):
    """Keeps what the libraries log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def load(folder: Path) -> StableUnCLIPImg2ImgPipeline:
    """The pipeline of a folder, of which nothing may be warned."""
    messages = Messages()
    for library in ("diffusers", "transformers"):
        logging.getLogger(library).addHandler(messages)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        pipeline = StableUnCLIPImg2ImgPipeline.from_pretrained(folder, low_cpu_mem_usage=False)
    texts = messages.texts + [str(warning.message) for warning in found]
    assert texts == [], texts
    networks = (pipeline.image_encoder, pipeline.text_encoder, pipeline.unet, pipeline.vae)
    assert {network.dtype for network in networks} == {torch.float32}
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def generate(pipeline: StableUnCLIPImg2ImgPipeline, index: int) -> tuple[torch.Tensor, torch.Tensor]:
    given = CASES[index]
    count, size = len(given["images"]), pipeline.unet.config.sample_size
    noise = uniform(f"{index}/noise", (count, pipeline.image_normalizer.config.embedding_dim), 1.7).float()
    latents = uniform(f"{index}/latents", (count, pipeline.vae.config.latent_channels, size, size), 1.7).float()
    final = []
    with mock.patch.dict(vars(sys.modules[MODULE]), {"randn_tensor": lambda *a, **k: noise}):
        images = pipeline(
            image=[picture(image) for image in given["images"]], prompt=[given["prompt"]] * count,
            num_inference_steps=given["steps"], guidance_scale=given["guidance"], latents=latents,
            noise_level=given["level"], output_type="np", callback=lambda step, t, x: final.append(x),
        ).images
    return torch.from_numpy((images * 255).round().astype("uint8")), final[-1]


def main(folder: Path) -> None:
    tensors = {}
    for name in ("float32", "float16", "adaptive"):
        pipeline = load(folder / name)
        unet = pipeline.unet.config
        adaptive = unet.resnet_time_scale_shift == "scale_shift", unet.time_embedding_dim is not None
        assert adaptive == (name == "adaptive",) * 2, adaptive
        for index in range(len(CASES)):
            images, latents = generate(pipeline, index)
            tensors[f"{name}/{index}/images"] = images.contiguous()
            tensors[f"{name}/{index}/latents"] = latents.contiguous()
            print(name, CASES[index], latents.abs().max().item(), images.float().mean().item(), images.float().std().item())
    tokenizer = pipeline.tokenizer
    tensors["ids"] = tokenizer(
        TEXTS, padding="max_length", max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt"
    ).input_ids.to(torch.int64)
    save_file(tensors, PATH)
    PATH.chmod(0o644)
    sidecar = {
        "command": "python reference/generator_folder.py FOLDER",
        "seed": None,
        "versions": {
            "diffusers": diffusers.__version__,
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
        "description": "Images FOLDER/CASE/images uint8 [n, rows, columns, 3], and the latents they are decoded from, by a "
        "generator's folder in diffusers; ids of texts by its tokenizer.",
        "pictures": SIZES,
        "cases": CASES,
        "texts": TEXTS,
    }
    PATH.with_suffix(".json").write_text(json.dumps(sidecar, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
