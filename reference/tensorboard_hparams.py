"""Writes fixtures/golden/tensorboard_hparams.safetensors: hyper-parameters as PyTorch's writer makes them, booleans kept."""

import json
import platform
from pathlib import Path

import numpy as np
import tensorboard
import torch
from safetensors.numpy import save_file
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from torch.utils.tensorboard.summary import hparams

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden" / "tensorboard_hparams"
VALUES = {"backbone": "resnet18", "größe": "ü", "learningRate": 0.05, "epochs": 0, "nesterov": False, "strict": True}


def main() -> None:
    _, start, _ = hparams(VALUES, {})
    value = start.value[0]
    event = Event(wall_time=1700000000.0, step=0, summary=Summary(value=[value]))
    # Maps have no order of their own: that of the names.
    content = type(value.metadata.plugin_data)(
        plugin_name=value.metadata.plugin_data.plugin_name, content=corrected(value.metadata.plugin_data.content)
    )
    event.summary.value[0].metadata.plugin_data.CopyFrom(content)
    save_file(
        {"event": np.frombuffer(event.SerializeToString(deterministic=True), np.uint8)},
        GOLDEN.with_suffix(".safetensors"),
    )
    sidecar = {
        "command": "python reference/tensorboard_hparams.py",
        "seed": None,
        "versions": {
            "python": platform.python_version(),
            "tensorboard": tensorboard.__version__,
            "torch": torch.__version__,
        },
        "description": "Bytes of the event of six hyper-parameters, without framing, names in order.",
        "values": VALUES,
    }
    GOLDEN.with_suffix(".json").write_text(json.dumps(sidecar, indent=2, ensure_ascii=False) + "\n")


def corrected(content: bytes) -> bytes:
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    data = HParamsPluginData.FromString(content)
    for name, value in VALUES.items():
        # PyTorch's writer takes booleans for the numbers that Python has them for; the table knows them as such.
        if isinstance(value, bool):
            data.session_start_info.hparams[name].bool_value = value
    return data.SerializeToString(deterministic=True)


if __name__ == "__main__":
    main()
