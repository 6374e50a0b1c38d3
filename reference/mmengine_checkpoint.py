"""Writes fixtures/golden/mmengine_checkpoint.{pth,safetensors,json}: a checkpoint as mmengine's runner saves it.

A narrow BYOL of mmpretrain is trained for two steps on noise; its checkpoint holds, beside the state dict, what runs
have: message_hub with HistoryBuffer objects of NumPy arrays, optimizer, param_schedulers and meta. The safetensors
file holds its parameters as torch reads them, and the features of its encoders for hashed images in inference.
"""

import json
import os
import platform
import shutil
import tempfile
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

import mmcv
import mmengine
import mmpretrain
import numpy
import torch
from mmengine.runner import Runner
from mmpretrain.structures import DataSample
from mmpretrain.utils import register_all_modules
from safetensors.torch import save_file
from torch import nn
from torch.utils.data import Dataset

from hashed_values import uniform

GOLDEN = Path(__file__).resolve().parents[1] / "fixtures" / "golden" / "mmengine_checkpoint"
SEED = 11
SIZE = 32
CHANNELS = 4


class Noise(Dataset):
    """Pairs of views that are noise."""

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> dict[str, object]:
        views = [255 * (uniform(f"view{i}/{index}", (3, SIZE, SIZE)).float() + 1) / 2 for i in range(2)]
        return {"inputs": views, "data_samples": DataSample()}


def neck(into: int, pool: bool) -> dict[str, object]:
    return {
        "type": "NonLinearNeck", "in_channels": into, "hid_channels": 8, "out_channels": 4, "num_layers": 2,
        "with_bias": True, "with_last_bn": False, "with_avg_pool": pool,
    }


def features(backbone: nn.Module) -> torch.Tensor:
    backbone.double().eval()
    with torch.no_grad():
        return backbone(uniform("images", (2, 3, SIZE, SIZE)))[-1].mean((2, 3)).float()


def main() -> None:
    register_all_modules()
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    model = {
        "type": "BYOL", "base_momentum": 0.01,
        "data_preprocessor": {"type": "SelfSupDataPreprocessor", "mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
        "backbone": {
            "type": "ResNet", "depth": 18, "base_channels": CHANNELS, "stem_channels": CHANNELS,
            "norm_cfg": {"type": "BN"},
        },
        "neck": neck(8 * CHANNELS, True),
        "head": {
            "type": "LatentPredictHead", "loss": {"type": "CosineSimilarityLoss"}, "predictor": neck(4, False),
        },
    }
    runner = Runner(
        model=model,
        work_dir="work",
        train_dataloader={
            "dataset": Noise(), "batch_size": 4, "num_workers": 0,
            "sampler": {"type": "DefaultSampler", "shuffle": False},
            "collate_fn": {"type": "default_collate"},
        },
        train_cfg={"by_epoch": True, "max_epochs": 1},
        optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.05, "momentum": 0.9}},
        param_scheduler={"type": "CosineAnnealingLR", "T_max": 4, "by_epoch": True},
        default_hooks={
            "logger": {"type": "LoggerHook", "interval": 1},
            "checkpoint": {"type": "CheckpointHook", "interval": 1},
        },
        randomness={"seed": SEED, "deterministic": True},
        default_scope="mmpretrain",
        experiment_name="byol",
    )
    # The path of the newest checkpoint is saved too, which is none of a machine's when it is relative.
    runner._work_dir = "work"
    runner.train()
    shutil.copyfile(Path("work") / "epoch_1.pth", GOLDEN.with_suffix(".pth"))
    checkpoint = torch.load(GOLDEN.with_suffix(".pth"), weights_only=False)
    state = checkpoint["state_dict"]
    trained = runner.model
    stored = {name: value.contiguous() for name, value in state.items()}
    stored["features/online"] = features(trained.backbone)
    stored["features/momentum"] = features(trained.target_net.module[0])
    save_file(stored, GOLDEN.with_suffix(".safetensors"))
    sidecar = {
        "command": "python reference/mmengine_checkpoint.py",
        "seed": SEED,
        "versions": {
            "python": platform.python_version(),
            **{module.__name__: module.__version__ for module in (mmcv, mmengine, mmpretrain, numpy, torch)},
        },
        "description": "A checkpoint of mmengine's runner with all that it saves, of a narrow BYOL of mmpretrain.",
        "entries": sorted(checkpoint),
        "size": SIZE,
        "channels": [CHANNELS, 2 * CHANNELS, 4 * CHANNELS, 8 * CHANNELS],
    }
    GOLDEN.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")
    os.chdir(GOLDEN.parent)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
