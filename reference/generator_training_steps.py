"""Writes fixtures/golden/generator_training_steps.*: 20 steps of an autoencoder and of conditional UNets in diffusers, from hashed
weights on hashed batches.

torch.optim.AdamW on gradients clipped to a joint norm of 1, and exponential moving averages of the parameters, which are kept
under `average.` and the parameter's name. AdamW's epsilon is 1e-5: the gradient of the bias of the autoencoder's keys is zero
but for rounding, by which Adam with its default would move it. Of every batch of the UNets one row has labels of zeros, as
images without a condition have them.

Of the case `frozen` some parameters stay as they are; the optimizer and the joint norm leave them out, and their averages do not move.
"""

import json
from collections.abc import Callable, Iterable

import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from torch import nn

from hashed_values import load, uniform
from training_steps import TOLERANCE, Run, deviation, measure, save_golden

# How networks of a generator are optimised.
OPTIMIZATION = {
    "steps": 20,
    "batchSize": 4,
    "learningRate": 1e-3,
    "weightDecay": 1e-2,
    "epsilon": 1e-5,
    "clipGradientNorm": 1.0,
    # Share of the averages that a step leaves.
    "averageDecay": 0.9,
    # Elements that are held of each tensor.
    "samples": 48,
}
SETUP = {
    **OPTIMIZATION,
    "imageSize": 16,
    "klWeight": 1e-3,
    "latentSize": 8,
    "tokens": 3,
    "minSnrGamma": 5.0,
}
# Cases of the autoencoder, by how far images are apart.
AUTOENCODERS = {"autoencoder": "l1", "squares": "l2"}
# Cases of the UNet; those parameters are frozen whose names begin with what is named.
CASES = {
    "velocity": {"predictionType": "v_prediction", "lossWeighting": "min-snr"},
    "noise": {"predictionType": "epsilon", "lossWeighting": "uniform"},
    "frozen": {"predictionType": "v_prediction", "lossWeighting": "min-snr", "frozen": "down_blocks."},
    "adaptive": {"predictionType": "v_prediction", "lossWeighting": "uniform", "adaptiveGroupNorm": True},
}
DIFFUSION = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}


def autoencoder() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(6, 12), layers_per_block=1, norm_num_groups=3, latent_channels=4, sample_size=16,
        down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
    )


def unet(case: str) -> UNet2DConditionModel:
    adaptive = CASES[case].get("adaptiveGroupNorm", False)
    return UNet2DConditionModel(
        resnet_time_scale_shift="scale_shift" if adaptive else "default",
        sample_size=8, block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=["UpBlock2D"] * 2,
        cross_attention_dim=12, attention_head_dim=[1, 2], use_linear_projection=True,
        class_embed_type="projection", projection_class_embeddings_input_dim=10,
    )


def autoencoder_loss(case: str, network: AutoencoderKL, step: int, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    size, count = SETUP["imageSize"], SETUP["batchSize"]
    pixels = (uniform(f"{case}/{step}/images", (count, size, size, 3)) * 128 + 128).floor()
    images = (pixels.permute(0, 3, 1, 2) * (2 / 255) - 1).to(dtype)
    noise = uniform(f"{case}/{step}/noise", (count, 4, size // 2, size // 2), 1.7).to(dtype)
    posterior = network.encode(images).latent_dist
    decoded = network.decode(posterior.mean + posterior.std * noise).sample
    difference = decoded - images
    each = difference.abs() if AUTOENCODERS[case] == "l1" else difference.square()
    reconstruction, divergence = each.mean(), posterior.kl().mean()
    return {
        "losses": reconstruction + SETUP["klWeight"] * divergence,
        "reconstruction": reconstruction,
        "divergence": divergence,
    }


def unet_loss(case: str, network: UNet2DConditionModel, step: int, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    given, count, size = CASES[case], SETUP["batchSize"], SETUP["latentSize"]
    scheduler = DDPMScheduler(**DIFFUSION)
    scheduler.alphas_cumprod = scheduler.alphas_cumprod.double()
    latents = uniform(f"{case}/{step}/latents", (count, 4, size, size), 1.7)
    noise = uniform(f"{case}/{step}/noise", (count, 4, size, size), 1.7)
    timesteps = (500 * (uniform(f"{case}/{step}/timesteps", (count,)) + 1)).floor().long()
    labels = uniform(f"{case}/{step}/labels", (count, 10))
    labels[step % count] = 0
    text = uniform("text", (1, SETUP["tokens"], 12)).expand(count, -1, -1)
    mixed = scheduler.add_noise(latents, noise, timesteps).to(dtype)
    found = network(mixed, timesteps, text.to(dtype), class_labels=labels.to(dtype)).sample
    is_velocity = given["predictionType"] == "v_prediction"
    wanted = scheduler.get_velocity(latents, noise, timesteps) if is_velocity else noise
    each = (found - wanted.to(dtype)).square().mean(dim=(1, 2, 3))
    remaining = scheduler.alphas_cumprod[timesteps]
    ratio = remaining / (1 - remaining)
    least = ratio.clamp(max=SETUP["minSnrGamma"])
    weight = least / (ratio + 1) if is_velocity else least / ratio
    if given["lossWeighting"] == "uniform":
        weight = torch.ones_like(weight)
    return {"losses": (each * weight.to(dtype)).mean(), "unweighted": each.mean()}


def state_of(parameters: Iterable[tuple[str, torch.Tensor]], averages: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    own = {name: value.detach().clone() for name, value in parameters}
    return own | {f"average.{name}": value.clone() for name, value in averages.items()}


def take_steps(
    named: dict[str, torch.Tensor], loss_of: Callable[[int], dict[str, torch.Tensor]], frozen: str | None = None,
) -> Run:
    """The steps of a network whose parameters have these names; those whose names begin with `frozen` stay as they are."""
    trained = [value for name, value in named.items() if frozen is None or not name.startswith(frozen)]
    averages = {name: value.detach().clone() for name, value in named.items()}
    initial = state_of(named.items(), averages)
    optimizer = torch.optim.AdamW(
        trained, lr=OPTIMIZATION["learningRate"], betas=(0.9, 0.999), eps=OPTIMIZATION["epsilon"],
        weight_decay=OPTIMIZATION["weightDecay"],
    )
    series: dict[str, list[float]] = {}
    for step in range(OPTIMIZATION["steps"]):
        values = loss_of(step)
        for value in named.values():
            value.grad = None
        values["losses"].backward()
        norm = nn.utils.clip_grad_norm_(trained, OPTIMIZATION["clipGradientNorm"])
        optimizer.step()
        with torch.no_grad():
            for name, value in named.items():
                averages[name].lerp_(value, 1 - OPTIMIZATION["averageDecay"])
        for name, value in {**values, "norms": norm}.items():
            series.setdefault(name, []).append(value.item())
    return Run(initial, state_of(named.items(), averages), series.pop("losses"), [], series)


def train(case: str, dtype: torch.dtype) -> Run:
    network: nn.Module = autoencoder() if case in AUTOENCODERS else unet(case)
    load(network)
    network.to(dtype).train()
    loss = autoencoder_loss if case in AUTOENCODERS else unet_loss
    named = dict(network.named_parameters())
    return take_steps(named, lambda step: loss(case, network, step, dtype), CASES.get(case, {}).get("frozen"))


def held(case: str, train: Callable[[torch.dtype], Run]) -> tuple[dict[str, torch.Tensor], dict]:
    """What a golden holds of a case, in float64, and how far rounding to float32 carries it."""
    wanted, single = (train(dtype) for dtype in (torch.float64, torch.float32))
    own = {name: deviation(name, single, wanted) for name in wanted.final}
    worst = max(own, key=own.__getitem__)
    rounding = {
        "loss": max(abs(a - b) / abs(b) for a, b in zip(single.losses, wanted.losses)),
        "parameter": own[worst],
        "which": worst,
    }
    assert own[worst] <= TOLERANCE, rounding
    measured = dict(measure(wanted, OPTIMIZATION["samples"]))
    del measured["spreads"]
    print(case, json.dumps(rounding), [round(loss, 4) for loss in wanted.losses], wanted.series["norms"][::5])
    return {f"{case}/{key}": value for key, value in measured.items()}, rounding


def main() -> None:
    tensors, rounding = {}, {}
    for case in (*AUTOENCODERS, *CASES):
        of_case, rounding[case] = held(case, lambda dtype: train(case, dtype))
        tensors |= of_case
    save_golden(
        "generator_training_steps",
        tensors,
        "generator_training_steps.py",
        "20 steps of an autoencoder and of UNets of a generator in float64: losses, their terms, norms of gradients, final "
        "parameters and their averages.",
        {**SETUP, "autoencoders": AUTOENCODERS, "cases": CASES, "diffusion": DIFFUSION, "float32": rounding},
    )


if __name__ == "__main__":
    main()
