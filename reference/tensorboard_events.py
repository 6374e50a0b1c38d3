"""Writes fixtures/golden/tensorboard_events.safetensors: an event file as PyTorch's writer makes it, with a fixed clock."""

import json
import platform
import tempfile
import time
from pathlib import Path

import numpy as np
import tensorboard
import torch
from safetensors.numpy import save_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden" / "tensorboard_events"
SCALARS = [  # tag, value, step, wall time
    ("train/loss", 0.0, 0, 1700000000.25),
    ("train/loss", 1.5, 1, 1700000001.5),
    ("train/größe", -2.5e-30, 127, 1700000002.0),
    ("train/loss", float("nan"), 128, 1700000003.0),
    ("train/loss", float("inf"), 2**31 + 5, 1700000004.0),
    ("train/loss", 0.1, 2**53 - 1, 1700000005.0),
]
IMAGE_STEP, IMAGE_TIME, RESTART_STEP = 300, 1700000006.0, 7


def main() -> None:
    time.time = lambda: 1700000000.0
    with tempfile.TemporaryDirectory() as folder:
        with SummaryWriter(folder, purge_step=RESTART_STEP) as writer:
            for tag, value, step, wall_time in SCALARS:
                writer.add_scalar(tag, value, step, wall_time)
            pixels = np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3)
            writer.add_image("views", pixels, IMAGE_STEP, IMAGE_TIME, dataformats="HWC")
        events = next(Path(folder).iterdir())
        file = np.frombuffer(events.read_bytes(), np.uint8)
        accumulator = EventAccumulator(folder, purge_orphaned_data=False).Reload()
        [image] = accumulator.Images("views")
    tensors = {
        "file": file,
        "scalar_values": np.array([value for _, value, _, _ in SCALARS], np.float64),
        "scalar_steps": np.array([step for _, _, step, _ in SCALARS], np.int64),
        "scalar_times": np.array([wall_time for *_, wall_time in SCALARS], np.float64),
        "image_png": np.frombuffer(image.encoded_image_string, np.uint8),
    }
    save_file(tensors, GOLDEN.with_suffix(".safetensors"))
    sidecar = {
        "command": "python reference/tensorboard_events.py",
        "seed": None,
        "versions": {
            "python": platform.python_version(),
            "tensorboard": tensorboard.__version__,
            "torch": torch.__version__,
        },
        "description": "Bytes of an event file with a restart at step 7, six scalars and an image of 4 by 5 pixels.",
    }
    GOLDEN.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
