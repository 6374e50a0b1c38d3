"""Writes fixtures/golden/unclip_pipeline.safetensors: images by diffusers' StableUnCLIPImg2ImgPipeline, in float32.

All components are small, with hashed values under their published names. The sidecar holds the folder that the pipeline
is saved to, but for its weights, of which it lists the names and shapes. Source images, latents and the noise of the
embeddings are hashed; the images handed to the pipeline are prepared by its own feature extractor.
"""

import json
import platform
import tempfile
from pathlib import Path
from unittest import mock

import diffusers
import numpy as np
import safetensors
import torch
import transformers
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    PNDMScheduler,
    StableUnCLIPImg2ImgPipeline,
    UNet2DConditionModel,
)
from diffusers.pipelines.stable_diffusion import StableUnCLIPImageNormalizer
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import (
    CLIPImageProcessorPil,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from hashed_values import parameter, uniform, words

FOLDER = Path(__file__).parents[1] / "fixtures" / "golden"
PATH = FOLDER / "unclip_pipeline.safetensors"
EMBEDDING, TEXT, SAMPLE = 32, 48, 16
SIZES = [(70, 50), (56, 56), (48, 64)]
PROMPT, NEGATIVE = "a photo of a cat", "the sea at night"
SCHEDULERS = {"pndm": PNDMScheduler, "ddim": DDIMScheduler, "dpm-solver++": DPMSolverMultistepScheduler}


def case(**given) -> dict:
    return {
        "images": [0], "prompt": "", "negative": None, "level": 0, "guidance": 10.0, "steps": 20, "perPrompt": 1,
        "scheduler": "pndm", "size": [8 * SAMPLE, 8 * SAMPLE], **given,
    }


CASES = [
    *(case(level=level, guidance=guidance) for level in (0, 100, 200, 300, 400) for guidance in (1.0, 10.0)),
    case(images=[0, 1, 2], level=200, prompt=PROMPT),
    case(images=[1, 2], level=100, perPrompt=2, prompt=PROMPT, negative=NEGATIVE, steps=5),
    case(images=[0], level=300, perPrompt=3, steps=5),
    case(images=[2], level=100, scheduler="ddim", prompt=PROMPT),
    case(images=[2], level=100, scheduler="dpm-solver++", prompt=PROMPT),
    case(images=[1], level=100, size=[64, 96], steps=5),
]


def picture(index: int) -> Image.Image:
    width, height = SIZES[index]
    noise = (words(f"picture/{index}", width * height * 3) >> 24).reshape(height, width, 3)
    return Image.fromarray(noise.astype(np.uint8))


def build() -> StableUnCLIPImg2ImgPipeline:
    files = json.loads((FOLDER / "unclip_tokenizer.json").read_text())["files"]
    vocab = json.loads(files["vocab.json"])
    merges = [tuple(line.split(" ")) for line in files["merges.txt"].split("\n")[1:] if line]
    return StableUnCLIPImg2ImgPipeline(
        feature_extractor=CLIPImageProcessorPil(size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56}),
        image_encoder=CLIPVisionModelWithProjection(
            CLIPVisionConfig(
                hidden_size=80, intermediate_size=160, projection_dim=EMBEDDING, num_hidden_layers=3,
                num_attention_heads=2, image_size=56, patch_size=14, hidden_act="gelu",
            )
        ),
        image_normalizer=StableUnCLIPImageNormalizer(EMBEDDING),
        image_noising_scheduler=DDPMScheduler(beta_schedule="squaredcos_cap_v2"),
        tokenizer=CLIPTokenizer(vocab=vocab, merges=merges, pad_token="!", model_max_length=77),
        text_encoder=CLIPTextModel(
            CLIPTextConfig(
                vocab_size=len(vocab), hidden_size=TEXT, intermediate_size=96, projection_dim=16, num_hidden_layers=3,
                num_attention_heads=4, hidden_act="gelu", bos_token_id=0, eos_token_id=2, pad_token_id=1,
            )
        ),
        unet=UNet2DConditionModel(
            sample_size=SAMPLE, block_out_channels=(8, 16, 16, 16), layers_per_block=2, norm_num_groups=4,
            down_block_types=(*["CrossAttnDownBlock2D"] * 3, "DownBlock2D"),
            up_block_types=("UpBlock2D", *["CrossAttnUpBlock2D"] * 3),
            cross_attention_dim=TEXT, attention_head_dim=[1, 2, 2, 2], use_linear_projection=True,
            class_embed_type="projection", projection_class_embeddings_input_dim=2 * EMBEDDING,
        ),
        scheduler=PNDMScheduler(
            beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, skip_prk_steps=True,
            set_alpha_to_one=False, steps_offset=1, prediction_type="v_prediction",
        ),
        vae=AutoencoderKL(
            block_out_channels=(8, 16, 16, 16), layers_per_block=2, norm_num_groups=4, latent_channels=4,
            down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4, sample_size=128,
        ),
    )


def load(pipeline: StableUnCLIPImg2ImgPipeline) -> None:
    """Gives all networks the hashed values of their names; the networks' names are the streams' first part."""
    for name in ("image_encoder", "image_normalizer", "text_encoder", "unet", "vae"):
        network = getattr(pipeline, name).eval()
        prefix = "text_model." if name == "text_encoder" else ""
        state = network.state_dict()
        for key, value in state.items():
            if value.dtype == torch.int64:
                continue
            stored = key if key.startswith(prefix) else prefix + key
            state[key] = hashed(name, stored, tuple(value.shape))
        network.load_state_dict(state)


def hashed(network: str, name: str, shape: tuple[int, ...]) -> torch.Tensor:
    if network == "image_normalizer":
        return uniform(name, shape, 0.5, 1.0 if name == "std" else 0.0).float()
    return parameter(name, shape).float()


def saved(pipeline: StableUnCLIPImg2ImgPipeline) -> tuple[dict[str, str], dict[str, dict[str, list[int]]]]:
    """The files of the folder that the pipeline is saved to, and names and shapes of its weights."""
    texts, weights = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        pipeline.save_pretrained(folder)
        for path in sorted(Path(folder).rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.suffix == ".safetensors":
                with safe_open(path, "pt") as file:
                    weights[name] = {key: file.get_slice(key).get_shape() for key in file.keys()}
            elif path.suffix == ".json" and not name.startswith("tokenizer/"):
                texts[name] = path.read_text()
    return texts, weights


def generate(pipeline: StableUnCLIPImg2ImgPipeline, index: int, published: dict) -> tuple[torch.Tensor, ...]:
    given = CASES[index]
    count = len(given["images"])
    total = count * given["perPrompt"]
    height, width = given["size"]
    noise = uniform(f"{index}/noise", (count, EMBEDDING), 1.7).float()
    latents = uniform(f"{index}/latents", (total, 4, height // 8, width // 8), 1.7).float()
    pipeline.scheduler = SCHEDULERS[given["scheduler"]].from_config(published, clip_sample=False)
    pictures = [picture(image) for image in given["images"]]
    name = "diffusers.pipelines.stable_diffusion.pipeline_stable_unclip_img2img"
    pipeline.set_progress_bar_config(disable=True)
    final = []
    with mock.patch.dict(vars(__import__(name, fromlist=[""])), {"randn_tensor": lambda *a, **k: noise}):
        images = pipeline(
            image=pictures, prompt=[given["prompt"]] * count,
            negative_prompt=None if given["negative"] is None else [given["negative"]] * count,
            height=height, width=width, num_inference_steps=given["steps"], guidance_scale=given["guidance"],
            num_images_per_prompt=given["perPrompt"], latents=latents, noise_level=given["level"], output_type="np",
            callback=lambda step, t, x: final.append(x),
        ).images
    return torch.from_numpy((images * 255).round().astype("uint8")), final[-1]


def main() -> None:
    pipeline = build()
    load(pipeline)
    published = dict(pipeline.scheduler.config)
    texts, weights = saved(pipeline)
    tensors = {}
    for index in range(len(CASES)):
        images, latents = generate(pipeline, index, published)
        # Every third row and column of the images.
        tensors[f"{index}/images"] = images[:, ::3, ::3].contiguous()
        tensors[f"{index}/latents"] = latents.contiguous()
        print(index, CASES[index], latents.abs().max().item(), images.float().mean().item(), images.float().std().item())
    pixels = pipeline.feature_extractor(images=[picture(i) for i in range(len(SIZES))], return_tensors="pt").pixel_values
    with torch.inference_mode():
        tensors["embeddings"] = pipeline.image_encoder(pixels).image_embeds.contiguous()
    save_file(tensors, PATH)
    PATH.chmod(0o644)
    sidecar = {
        "command": "python reference/unclip_pipeline.py",
        "seed": None,
        "versions": {
            "diffusers": diffusers.__version__,
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
        "description": "Images CASE/images uint8 [n, rows, columns, 3], every third row and column, and the latents they "
        "are decoded from, by a small Stable unCLIP; embeddings of the source images.",
        "pictures": SIZES,
        "step": 3,
        "cases": CASES,
        "files": texts,
        "weights": weights,
    }
    PATH.with_suffix(".json").write_text(json.dumps(sidecar) + "\n")


if __name__ == "__main__":
    main()
