"""Writes fixtures/golden/unclip_networks.safetensors: what Stable unCLIP's networks make of hashed inputs, in float64.

The networks are diffusers' and transformers' own, small, with hashed values under their published names. The sidecar
lists their configurations as published files have them, and the shapes of their state dicts.
"""

import json
import platform
from pathlib import Path

import diffusers
import safetensors
import torch
import transformers
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel

from hashed_values import parameter, uniform, words

PATH = Path(__file__).parents[1] / "fixtures" / "golden" / "unclip_networks.safetensors"


def text_encoder(activation: str = "gelu") -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=300, hidden_size=48, intermediate_size=96, projection_dim=16, num_hidden_layers=3,
            num_attention_heads=4, max_position_embeddings=77, hidden_act=activation, layer_norm_eps=1e-5,
            bos_token_id=0, eos_token_id=2, pad_token_id=1,
        )
    )


def unet(resnet_time_scale_shift: str = "default", time_embedding_dim: int | None = None) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        resnet_time_scale_shift=resnet_time_scale_shift, time_embedding_dim=time_embedding_dim,
        sample_size=16, block_out_channels=(8, 16, 16, 24), layers_per_block=2, norm_num_groups=4,
        down_block_types=(*["CrossAttnDownBlock2D"] * 3, "DownBlock2D"),
        up_block_types=("UpBlock2D", *["CrossAttnUpBlock2D"] * 3),
        cross_attention_dim=48, attention_head_dim=[1, 2, 2, 4], use_linear_projection=True,
        class_embed_type="projection", projection_class_embeddings_input_dim=64,
    )


def autoencoder() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 16, 16, 24), layers_per_block=2, norm_num_groups=4, latent_channels=4, sample_size=64,
        down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4, scaling_factor=0.18215,
    )


def small_autoencoder() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(6, 15), layers_per_block=1, norm_num_groups=3, latent_channels=5, sample_size=32,
        down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2, scaling_factor=1.0,
    )


def published(name: str, prefix: str) -> str:
    """Transformers 5 holds the text encoder without the prefix that its files have."""
    return name if name.startswith(prefix) else prefix + name


def load(network: nn.Module, prefix: str = "") -> dict[str, list[int]]:
    """Gives a network the hashed values of its published names, and lists their shapes."""
    state = {name: value for name, value in network.state_dict().items() if value.dtype != torch.int64}
    network.double().eval()
    network.load_state_dict(
        {name: parameter(published(name, prefix), tuple(value.shape)) for name, value in state.items()}, strict=False
    )
    return {published(name, prefix): list(value.shape) for name, value in state.items()}


def main() -> None:
    tensors, networks = {}, {}

    def keep(name: str, network: nn.Module, config: str, prefix: str = "") -> None:
        networks[name] = {"config": json.loads(config), "entries": load(network, prefix)}

    with torch.inference_mode():
        ids = torch.from_numpy((words("ids", 2 * 77) % 300).astype("int64").reshape(2, 77))
        for activation in ("gelu", "quick_gelu"):
            network = text_encoder(activation)
            keep(f"text_{activation}", network, network.config.to_json_string(), "text_model.")
            tensors[f"text_{activation}/hidden"] = network(ids).last_hidden_state
        for name, network in (("unet", unet()), ("unet_adaptive", unet("scale_shift", 40))):
            keep(name, network, network.to_json_string())
            for case, size, timestep in (("square", (16, 16), 951), ("uneven", (12, 20), 1)):
                key = f"{name}/{case}"
                tensors[key] = network(
                    uniform(f"{key}/latents", (2, 4, *size)), timestep, uniform(f"{key}/text", (2, 77, 48)),
                    class_labels=uniform(f"{key}/labels", (2, 64)),
                ).sample
        network = autoencoder()
        keep("vae", network, network.to_json_string())
        tensors["vae/decoded"] = network.decode(uniform("vae/latents", (1, 4, 8, 6), 2.0)).sample
        moments = network.encode(uniform("vae/images", (2, 3, 40, 24))).latent_dist
        tensors["vae/mean"], tensors["vae/std"] = moments.mean, moments.std
        network = small_autoencoder()
        keep("vae_small", network, network.to_json_string())
        moments = network.encode(uniform("vae_small/images", (2, 3, 20, 12))).latent_dist
        tensors["vae_small/mean"], tensors["vae_small/log_variance"] = moments.mean, moments.logvar
    floats = {key: value.float().contiguous() for key, value in tensors.items()}
    save_file({**floats, "ids": ids}, PATH)
    PATH.chmod(0o644)
    sidecar = {
        "command": "python reference/unclip_networks.py",
        "seed": None,
        "versions": {
            "diffusers": diffusers.__version__,
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
        "description": "Outputs of Stable unCLIP's networks: text_ACTIVATION/hidden, unet/CASE, unet_adaptive/CASE, "
        "vae/decoded, vae/mean and vae/std, vae_small/mean and vae_small/log_variance, float32 of float64 runs.",
        "networks": networks,
    }
    PATH.with_suffix(".json").write_text(json.dumps(sidecar) + "\n")


if __name__ == "__main__":
    main()
