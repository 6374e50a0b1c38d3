"""Peer of bench/generator.ts: training steps of diffusers' networks, variations by its pipeline, and training steps of the embedded
generator's image encoder, which is open_clip's tower.

Reads lines from standard input, each a round, and answers with the seconds that it took by the clock and by the processor,
the process's peak memory in bytes and a figure of what was computed.

python reference/bench_generator.py image-encoder|autoencoder|unet FOLDER BATCH THREADS SETTING
python reference/bench_generator.py variations FOLDER BATCH THREADS STEPS GUIDANCE

FOLDER: of a generator in diffusers' layout, of which the image encoder's training takes nothing. SETTING: eager, channels-last,
compiled or compiled-channels-last.
"""

import sys
import time

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, StableUnCLIPImg2ImgPipeline, UNet2DConditionModel

from hashed_values import uniform


def peak_bytes() -> int:
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return 1024 * int(line.split()[1])


def pixels(shape: tuple[int, ...]) -> torch.Tensor:
    """Hashed images of 8 bits."""
    return ((uniform("images", shape) + 1) / 2 * 255).floor().byte()


def memory_layout(setting: str) -> torch.memory_format:
    return torch.channels_last if setting.endswith("channels-last") else torch.contiguous_format


def optimised(network: torch.nn.Module, loss, setting: str, weight_decay: float, most: float, averaged: bool):
    """A step: the loss of a hashed batch, its gradients, their norm clipped, AdamW and, if they are kept, moving averages."""
    averages = [parameter.detach().clone() for parameter in network.parameters()] if averaged else []
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=weight_decay, fused=True)
    compute = torch.compile(loss) if setting.startswith("compiled") else loss

    def step() -> float:
        optimizer.zero_grad(set_to_none=True)
        value = compute()
        value.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), most)
        optimizer.step()
        if averaged:
            with torch.no_grad():
                torch._foreach_lerp_(averages, list(network.parameters()), 0.01)
        return value.item()

    return step


def pretraining(batch: int, setting: str):
    """A step of SimCLR by configs/generator_image_encoder.json."""
    from simclr_steps import CLIP, SimClr

    layout = memory_layout(setting)
    network = SimClr(CLIP).to(memory_format=layout).train()
    views = [
        uniform(f"views.{i}", (batch, 3, size, size)).float().contiguous(memory_format=layout)
        for i, size in enumerate(CLIP["sizes"])
    ]
    own = torch.eye(2 * batch, dtype=torch.bool)
    positives = torch.arange(2 * batch).roll(batch)

    def loss():
        z = network(views)
        return F.cross_entropy((z @ z.T / CLIP["temperature"]).masked_fill(own, -torch.inf), positives)

    return optimised(network, loss, setting, CLIP["weightDecay"], CLIP["clipGradientNorm"], averaged=False)


def training(stage: str, folder: str, batch: int, setting: str):
    """A step of one of diffusers' networks."""
    layout = memory_layout(setting)
    kind, part = (AutoencoderKL, "vae") if stage == "autoencoder" else (UNet2DConditionModel, "unet")
    network = kind.from_pretrained(folder, subfolder=part).float().to(memory_format=layout).train()
    config = network.config

    def hashed(name, shape):
        value = uniform(name, shape).float()
        return value.contiguous(memory_format=layout) if len(shape) == 4 else value

    if stage == "autoencoder":
        size = config.sample_size
        side = size // 2 ** (len(config.block_out_channels) - 1)
        images = (pixels((batch, size, size, 3)).float() / 127.5 - 1).permute(0, 3, 1, 2).contiguous(memory_format=layout)
        noise = hashed("noise", (batch, config.latent_channels, side, side))

        def loss():
            latents = network.encode(images).latent_dist
            decoded = network.decode(latents.mean + latents.std * noise).sample
            return (decoded - images).abs().mean() + 1e-6 * latents.kl().mean()
    else:
        side, width = config.sample_size, config.cross_attention_dim
        latents, noise = (hashed(name, (batch, config.in_channels, side, side)) for name in ("latents", "noise"))
        labels = hashed("labels", (batch, config.projection_class_embeddings_input_dim))
        text = hashed("text", (batch, 16, width))
        timestep = torch.full((batch,), 500.0)

        def loss():
            found = network(0.8 * latents + 0.6 * noise, timestep, text, class_labels=labels).sample
            wanted = 0.8 * noise - 0.6 * latents
            return (found - wanted).square().mean()

    return optimised(network, loss, setting, weight_decay=0.0, most=1.0, averaged=True)


def variations(folder: str, batch: int, steps: int, guidance: float):
    """Variations of hashed images, by the published pipeline."""
    from PIL import Image

    pipeline = StableUnCLIPImg2ImgPipeline.from_pretrained(folder)
    pipeline.scheduler = DPMSolverMultistepScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    size = pipeline.image_encoder.config.image_size
    images = [Image.fromarray(each) for each in pixels((batch, size, size, 3)).numpy()]
    config = pipeline.unet.config
    side = config.sample_size
    latents = uniform("latents", (batch, config.in_channels, side, side), 1.7).float()

    def generate() -> float:
        views = pipeline.feature_extractor(images=images, return_tensors="pt").pixel_values
        made = pipeline(
            views, [""] * batch, num_inference_steps=steps, guidance_scale=guidance, noise_level=0, latents=latents,
            output_type="np",
        )
        return float(made.images.mean())

    return generate


def main() -> None:
    stage, folder, batch, threads, *others = sys.argv[1:]
    torch.set_num_threads(int(threads))
    if stage == "variations":
        work = variations(folder, int(batch), int(others[0]), float(others[1]))
    elif stage == "image-encoder":
        work = pretraining(int(batch), others[0])
    else:
        work = training(stage, folder, int(batch), others[0])
    for _ in sys.stdin:
        began, busy = time.perf_counter(), time.process_time()
        figure = work()
        seconds = time.perf_counter() - began, time.process_time() - busy
        print(*seconds, peak_bytes(), figure, flush=True)


if __name__ == "__main__":
    main()
