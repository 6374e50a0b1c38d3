"""Writes fixtures/golden/unclip_embedding_noise.safetensors: embeddings noised by diffusers' Stable unCLIP, in float32."""

import json
import platform
from pathlib import Path

import diffusers
import safetensors
import torch
from diffusers import DDPMScheduler, StableUnCLIPImg2ImgPipeline
from diffusers.pipelines.stable_diffusion import StableUnCLIPImageNormalizer
from safetensors.torch import save_file

from hashed_values import uniform

PATH = Path(__file__).parents[1] / "fixtures" / "golden" / "unclip_embedding_noise.safetensors"
WIDTHS = (32, 1024)
LEVELS = (0, 1, 100, 200, 300, 400, 999)
IMAGES = 2


class Noising:
    """What the pipeline's method reads of the pipeline, without the networks that it does not."""

    def __init__(self, width: int) -> None:
        self.image_normalizer = StableUnCLIPImageNormalizer(width)
        self.image_normalizer.load_state_dict({
            "mean": uniform(f"{width}/mean", (1, width)).float(),
            "std": uniform(f"{width}/std", (1, width), 0.5, 1.0).float(),
        })
        self.image_noising_scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2")


def main() -> None:
    tensors = {}
    for width in WIDTHS:
        for level in LEVELS:
            with torch.no_grad():
                labels = StableUnCLIPImg2ImgPipeline.noise_image_embeddings(
                    Noising(width),
                    image_embeds=uniform(f"{width}/embeddings", (IMAGES, width), 3.0).float(),
                    noise_level=torch.tensor([level]),
                    noise=uniform(f"{width}/noise", (IMAGES, width), 2.0).float(),
                )
            tensors[f"{width}/{level}"] = labels.contiguous()
    save_file(tensors, PATH)
    PATH.chmod(0o644)
    sidecar = {
        "command": "python reference/unclip_embedding_noise.py",
        "seed": None,
        "versions": {
            "diffusers": diffusers.__version__,
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
        },
        "description": "Class labels WIDTH/LEVEL [images, 2 width] of Stable unCLIP: hashed embeddings noised at a level, "
        "and the level's own embedding.",
        "widths": WIDTHS,
        "levels": LEVELS,
        "images": IMAGES,
    }
    PATH.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
