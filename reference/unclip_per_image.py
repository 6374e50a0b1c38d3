"""Writes fixtures/golden/unclip_per_image.*: images by diffusers, each with a condition, prompt and guidance of its own.

The pipeline is the small one of reference/unclip_pipeline.py, called for each image by itself. Where the text alone is the
condition, the class embedding is all zeros, in place of what the pipeline makes of an image.
"""

import json
import platform
from pathlib import Path
from unittest import mock

import diffusers
import safetensors
import torch
import transformers
from diffusers import StableUnCLIPImg2ImgPipeline
from safetensors.torch import save_file

from hashed_values import uniform
from unclip_pipeline import EMBEDDING, SAMPLE, build, load, picture

PATH = Path(__file__).parents[1] / "fixtures" / "golden" / "unclip_per_image"
STEPS = 5
IMAGES = [
    {"image": 0, "prompt": "a photo of a cat", "negative": "", "level": 0, "guidance": 10.0},
    {"image": 1, "prompt": "a dog in the snow", "negative": "the sea at night", "level": 200, "guidance": 1.0},
    {"image": 2, "prompt": "", "negative": "the sea at night", "level": 100, "guidance": 4.5},
    {"image": None, "prompt": "a photo of a cat", "negative": "the sea at night", "level": 0, "guidance": 7.0},
    {"image": None, "prompt": "a dog in the snow", "negative": "", "level": 0, "guidance": 1.0},
]


def generate(pipeline: StableUnCLIPImg2ImgPipeline, index: int) -> tuple[torch.Tensor, torch.Tensor]:
    given = IMAGES[index]
    noise = uniform(f"each/{index}/noise", (1, EMBEDDING), 1.7).float()
    latents = uniform(f"each/{index}/latents", (1, 4, SAMPLE, SAMPLE), 1.7).float()
    name = "diffusers.pipelines.stable_diffusion.pipeline_stable_unclip_img2img"
    module = vars(__import__(name, fromlist=[""]))
    final = []
    with mock.patch.dict(module, {"randn_tensor": lambda *a, **k: noise}), mock.patch.object(
        pipeline, "noise_image_embeddings",
        pipeline.noise_image_embeddings if given["image"] is not None
        else lambda image_embeds, **k: torch.zeros(len(image_embeds), 2 * EMBEDDING),
    ):
        images = pipeline(
            image=[picture(given["image"] or 0)], prompt=[given["prompt"]], negative_prompt=[given["negative"]],
            num_inference_steps=STEPS, guidance_scale=given["guidance"], latents=latents,
            noise_level=given["level"], output_type="np", callback=lambda step, t, x: final.append(x),
        ).images
    return torch.from_numpy((images * 255).round().astype("uint8")), final[-1]


def main() -> None:
    pipeline = build()
    load(pipeline)
    pipeline.set_progress_bar_config(disable=True)
    made = [generate(pipeline, index) for index in range(len(IMAGES))]
    images, latents = (torch.cat(values) for values in zip(*made))
    # Every third row and column of the images.
    save_file(
        {"images": images[:, ::3, ::3].contiguous(), "latents": latents.contiguous()}, PATH.with_suffix(".safetensors")
    )
    PATH.with_suffix(".safetensors").chmod(0o644)
    sidecar = {
        "command": "python reference/unclip_per_image.py",
        "seed": None,
        "versions": {
            "diffusers": diffusers.__version__,
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
        "description": "Images uint8 [n, rows, columns, 3], every third row and column, and the latents they are decoded "
        "from, by the small Stable unCLIP of unclip_pipeline; an image without a picture is generated from its prompt.",
        "steps": STEPS,
        "step": 3,
        "images": IMAGES,
    }
    PATH.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
