"""Writes fixtures/golden/published_layouts.{safetensors,json}: names, shapes and features of published checkpoints.

Each checkpoint is the state dict of the real classes: mmpretrain's algorithms, the authors' own programs, and lightly's
modules. Its tensors are given hashed values by their full names in it, so that the golden holds none of them; it holds
the features that the real network makes of hashed images in inference and float64, of each encoder of the checkpoint.

    python reference/published_layouts.py --authors DIR

DIR holds clones of the authors' repositories: facebookresearch/{moco,moco-v3,simsiam,swav}.
"""

import argparse
import copy
import importlib.util
import json
import platform
import sys
import types
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

warnings.filterwarnings("ignore")

import lightly
import mmcv
import mmengine
import mmpretrain
import numpy
import safetensors
import timm
import torch
import torchvision
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead
from mmpretrain.registry import MODELS
from mmpretrain.utils import register_all_modules
from safetensors.torch import save_file
from torch import nn

from hashed_values import parameter, uniform

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden" / "published_layouts"
SIZE = 64
IMAGES = uniform("images", (2, 3, SIZE, SIZE))
DTYPES = {torch.float32: "float32", torch.int64: "int64", torch.float64: "float32"}
Features = Callable[[torch.Tensor], torch.Tensor]


def import_file(path: Path, name: str) -> types.ModuleType:
    """A file of the authors' as a module: two of their packages are called moco."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pooled(network: nn.Module) -> Features:
    """Features of mmpretrain's backbones: its ViTs give the class token, its ResNets a map, which the neck pools."""

    def run(images: torch.Tensor) -> torch.Tensor:
        last = network(images)[-1]
        return last.mean((2, 3)) if last.ndim == 4 else last

    return run


def neck(layers: int, into: int, hidden: int, out: int, **options: object) -> dict[str, object]:
    return {
        "type": "NonLinearNeck", "in_channels": into, "hid_channels": hidden, "out_channels": out,
        "num_layers": layers, **options,
    }


RESNET = {"type": "ResNet", "depth": 18, "norm_cfg": {"type": "BN"}}
VIT = {"type": "MoCoV3ViT", "arch": "mocov3-small", "img_size": SIZE, "patch_size": 16, "stop_grad_conv1": True}


def mmpretrain_checkpoints() -> dict[str, tuple[nn.Module, dict[str, Features]]]:
    """mmpretrain's algorithms as its configurations build them, with narrow heads."""
    register_all_modules()
    contrastive = {"type": "ContrastiveHead", "loss": {"type": "CrossEntropyLoss"}, "temperature": 0.2}
    cosine = {"type": "CosineSimilarityLoss"}
    simsiam = MODELS.build({
        "type": "SimSiam",
        "backbone": RESNET,
        "neck": neck(3, 512, 32, 32, with_last_bn_affine=False, with_avg_pool=True),
        "head": {
            "type": "LatentPredictHead", "loss": cosine,
            "predictor": neck(2, 32, 8, 32, with_avg_pool=False, with_last_bn=False, with_last_bias=True),
        },
    })
    # GenView registers the CLIP model of its weights as a part of the algorithm.
    simsiam.clip_model = nn.Module()
    simsiam.clip_model.visual = nn.Module()
    simsiam.clip_model.visual.trunk = timm.models.ConvNeXt(depths=(1, 1, 1, 1), dims=(8, 16, 16, 16), num_classes=4)
    moco2 = MODELS.build({
        "type": "MoCo", "queue_len": 64, "feat_dim": 16, "momentum": 0.001,
        "backbone": RESNET,
        "neck": {
            "type": "MoCoV2Neck", "in_channels": 512, "hid_channels": 32, "out_channels": 16, "with_avg_pool": True,
        },
        "head": contrastive,
    })
    moco3 = MODELS.build({
        "type": "MoCoV3", "base_momentum": 0.01,
        "backbone": RESNET,
        "neck": neck(2, 512, 32, 16, with_bias=False, with_last_bn=True, with_last_bn_affine=False,
                     with_last_bias=False, with_avg_pool=True),
        "head": {
            "type": "MoCoV3Head", "temperature": 1.0, "loss": {"type": "CrossEntropyLoss", "loss_weight": 2.0},
            "predictor": neck(2, 16, 32, 16, with_bias=False, with_last_bn=False, with_last_bias=False,
                              with_avg_pool=False),
        },
    })
    moco3_vit = MODELS.build({
        "type": "MoCoV3", "base_momentum": 0.01,
        "backbone": VIT,
        "neck": neck(3, 384, 32, 16, with_bias=False, with_last_bn=True, with_last_bn_affine=False,
                     with_last_bias=False, with_avg_pool=False),
        "head": {
            "type": "MoCoV3Head", "temperature": 0.2, "loss": {"type": "CrossEntropyLoss", "loss_weight": 0.4},
            "predictor": neck(2, 16, 32, 16, with_bias=False, with_last_bn=True, with_last_bn_affine=False,
                              with_last_bias=False, with_avg_pool=False),
        },
    })
    byol = MODELS.build({
        "type": "BYOL", "base_momentum": 0.01,
        "backbone": RESNET,
        "neck": neck(2, 512, 32, 16, with_bias=True, with_last_bn=False, with_avg_pool=True),
        "head": {
            "type": "LatentPredictHead", "loss": cosine,
            "predictor": neck(2, 16, 32, 16, with_bias=True, with_last_bn=False, with_avg_pool=False),
        },
    })
    swav = MODELS.build({
        "type": "SwAV",
        "backbone": {**RESNET, "depth": 50},
        "neck": {
            "type": "SwAVNeck", "in_channels": 2048, "hid_channels": 32, "out_channels": 16,
            "norm_cfg": {"type": "BN1d"}, "with_avg_pool": True,
        },
        "head": {
            "type": "SwAVHead",
            "loss": {
                "type": "SwAVLoss", "feat_dim": 16, "num_prototypes": 8, "epsilon": 0.05, "temperature": 0.1,
                "num_crops": [2, 6],
            },
        },
    })
    classifier = MODELS.build({
        "type": "ImageClassifier",
        "backbone": {
            "type": "VisionTransformer", "arch": "deit-tiny", "img_size": SIZE, "patch_size": 16,
        },
        "head": {"type": "VisionTransformerClsHead", "num_classes": 4, "in_channels": 192},
    })
    convnext = MODELS.build({
        "type": "ImageClassifier",
        "backbone": {"type": "ConvNeXt", "arch": "tiny"},
        "head": {"type": "LinearClsHead", "num_classes": 4, "in_channels": 768},
    })

    def both(algorithm: nn.Module, average: nn.Module) -> tuple[nn.Module, dict[str, Features]]:
        return algorithm, {"online": pooled(algorithm.backbone), "momentum": pooled(average.module[0])}

    def online(algorithm: nn.Module) -> tuple[nn.Module, dict[str, Features]]:
        return algorithm, {"online": pooled(algorithm.backbone)}

    return {
        "mmpretrain_simsiam": online(simsiam),
        "mmpretrain_moco2": both(moco2, moco2.encoder_k),
        "mmpretrain_moco3": both(moco3, moco3.momentum_encoder),
        "mmpretrain_moco3_vit": both(moco3_vit, moco3_vit.momentum_encoder),
        "mmpretrain_byol": both(byol, byol.target_net),
        "mmpretrain_swav": online(swav),
        "mmpretrain_vit": online(classifier),
        "mmpretrain_convnext": (convnext, {"online": lambda images: convnext.backbone(images)[-1]}),
    }


def resnet_features(network: nn.Module) -> Features:
    def run(images: torch.Tensor) -> torch.Tensor:
        bare = copy.copy(network)
        bare._modules = {**network._modules, "fc": nn.Identity()}
        return bare(images)

    return run


def vit_features(network: nn.Module) -> Features:
    return lambda images: network.forward_features(images)[:, 0]


def authors_checkpoints(folder: Path) -> dict[str, tuple[nn.Module, dict[str, Features]]]:
    """Models of the authors' programs, wrapped as they are saved."""
    resnet18 = torchvision.models.resnet18
    moco2 = import_file(folder / "moco" / "moco" / "builder.py", "moco2").MoCo(resnet18, 16, 64, mlp=True)
    builder = import_file(folder / "moco-v3" / "moco" / "builder.py", "moco3")
    # The authors' ViT is of timm 0.4, which had these under other names.
    helpers = types.ModuleType("timm.models.layers.helpers")
    helpers.to_2tuple = timm.layers.to_2tuple
    sys.modules["timm.models.layers.helpers"] = helpers
    timm.models.vision_transformer.VisionTransformer.num_tokens = 1
    vits = import_file(folder / "moco-v3" / "vits.py", "vits")
    moco3 = builder.MoCo_ResNet(partial(resnet18, zero_init_residual=True), 16, 32, 1.0)
    moco3_vit = builder.MoCo_ViT(partial(vits.vit_small, img_size=SIZE, stop_grad_conv1=True), 16, 32, 0.2)
    simsiam = import_file(folder / "simsiam" / "simsiam" / "builder.py", "simsiam").SimSiam(resnet18, 32, 8)
    swav = import_file(folder / "swav" / "src" / "resnet50.py", "swav").resnet50(
        normalize=True, hidden_mlp=32, output_dim=16, nmb_prototypes=8
    )
    wrap = nn.DataParallel
    return {
        "authors_moco2": (
            wrap(moco2), {"online": resnet_features(moco2.encoder_q), "momentum": resnet_features(moco2.encoder_k)},
        ),
        "authors_moco3": (
            wrap(moco3),
            {"online": resnet_features(moco3.base_encoder), "momentum": resnet_features(moco3.momentum_encoder)},
        ),
        "authors_moco3_vit": (
            wrap(moco3_vit),
            {"online": vit_features(moco3_vit.base_encoder), "momentum": vit_features(moco3_vit.momentum_encoder)},
        ),
        "authors_simsiam": (wrap(simsiam), {"online": resnet_features(simsiam.encoder)}),
        "authors_swav": (wrap(swav), {"online": swav.forward_backbone}),
    }


def lightly_checkpoints() -> dict[str, tuple[nn.Module, dict[str, Features]]]:
    """BYOL as lightly's examples build it of its modules."""
    byol = nn.Module()
    byol.backbone = nn.Sequential(*list(torchvision.models.resnet18().children())[:-1])
    byol.projection_head = BYOLProjectionHead(512, 32, 16)
    byol.prediction_head = BYOLPredictionHead(16, 32, 16)
    byol.backbone_momentum = copy.deepcopy(byol.backbone)
    byol.projection_head_momentum = copy.deepcopy(byol.projection_head)
    return {
        "lightly_byol": (
            byol,
            {
                "online": lambda images: byol.backbone(images).flatten(1),
                "momentum": lambda images: byol.backbone_momentum(images).flatten(1),
            },
        )
    }


def vissl_checkpoints() -> dict[str, tuple[nn.Module, dict[str, Features]]]:
    """VISSL's nesting, from its documentation, around torchvision's network."""
    root = nn.Module()
    at = root
    for name in ("classy_state_dict", "base_model", "model", "trunk"):
        at.add_module(name, nn.Module())
        at = at.get_submodule(name)
    network = torchvision.models.resnet18()
    network.fc = nn.Identity()
    at.add_module("_feature_blocks", network)
    return {"vissl": (root, {"online": network})}


def hash_values(model: nn.Module) -> dict[str, str]:
    """Gives a model hashed values by its full names; one that stands under two names has those of the last."""
    entries = {}
    model.double()
    with torch.no_grad():
        for name, value in model.state_dict().items():
            entries[name] = f"{DTYPES[value.dtype]}[{','.join(map(str, value.shape))}]"
            value.copy_(torch.zeros_like(value) if value.dtype == torch.int64 else parameter(name, tuple(value.shape)))
    return entries


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--authors", type=Path, required=True)
    authors = parser.parse_args().authors
    checkpoints = {
        **mmpretrain_checkpoints(), **authors_checkpoints(authors), **lightly_checkpoints(), **vissl_checkpoints(),
    }
    stored, described = {}, {}
    for name, (model, encoders) in checkpoints.items():
        described[name] = hash_values(model)
        model.eval()
        with torch.no_grad():
            for role, features in encoders.items():
                stored[f"{name}/{role}"] = features(IMAGES).float()
    save_file(stored, GOLDEN.with_suffix(".safetensors"))
    sidecar = {
        "command": "python reference/published_layouts.py --authors DIR",
        "seed": None,
        "versions": {
            "python": platform.python_version(),
            **{
                module.__name__: module.__version__
                for module in (lightly, mmcv, mmengine, mmpretrain, numpy, safetensors, timm, torch, torchvision)
            },
        },
        "description": "State dicts of the layouts in which backbones are published, and features of their encoders.",
        "size": SIZE,
        "checkpoints": described,
    }
    GOLDEN.with_suffix(".json").write_text(json.dumps(sidecar, indent=1) + "\n")


if __name__ == "__main__":
    main()
