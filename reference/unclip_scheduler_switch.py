"""Writes fixtures/golden/unclip_scheduler_switch.safetensors: trajectories of diffusers' schedulers that go on with a
folder's configuration of another scheduler, as StableUnCLIPImg2ImgPipeline users have it:
`PNDMScheduler.from_config(pipeline.scheduler.config)`.

The files are as published, with more or fewer keys, and as `save_pretrained` writes them. The network is that of
unclip_schedulers.py.
"""

import json
import platform
import tempfile
from pathlib import Path

import diffusers
import numpy as np
import safetensors
import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, PNDMScheduler
from safetensors.torch import save_file

from unclip_schedulers import PUBLISHED, trajectory

PATH = Path(__file__).parents[1] / "fixtures" / "golden" / "unclip_scheduler_switch.safetensors"
CLASSES = {
    "pndm": PNDMScheduler,
    "ddim": DDIMScheduler,
    "dpm-solver++": DPMSolverMultistepScheduler,
}
NAMES = {name: scheduler.__name__ for name, scheduler in CLASSES.items()}
V = {"prediction_type": "v_prediction"}
# Keys that published files have, beside or without those that their own class knows.
EXTRAS = {
    "pndm": [
        {"skip_prk_steps": True, "set_alpha_to_one": False, "clip_sample": False},
        {"skip_prk_steps": True},
        {"skip_prk_steps": False, "timestep_spacing": "trailing"},
        {},
    ],
    "ddim": [
        {"clip_sample": False, "set_alpha_to_one": False},
        {"clip_sample": False, "set_alpha_to_one": False, "skip_prk_steps": True},
        {"timestep_spacing": "linspace"},
        {"clip_sample_range": 1.5, "rescale_betas_zero_snr": False},
    ],
    "dpm-solver++": [
        {},
        {"solver_order": 2, "timestep_spacing": "leading", "lower_order_final": False, "skip_prk_steps": True},
        {"final_sigmas_type": "sigma_min", "clip_sample": False},
    ],
}


def files(name: str) -> list[dict]:
    """Files of a scheduler, as written by hand and as saved by today's diffusers."""
    written = [{"_class_name": NAMES[name], **PUBLISHED, **V, **extra} for extra in EXTRAS[name]]
    written.append({"_class_name": NAMES[name], "num_train_timesteps": 1000})
    with tempfile.TemporaryDirectory() as folder:
        CLASSES[name](**PUBLISHED, **V).save_pretrained(folder)
        return [*written, json.loads((Path(folder) / "scheduler_config.json").read_text())]


def load(name: str, file: dict):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "scheduler_config.json").write_text(json.dumps(file))
        return CLASSES[name].from_pretrained(folder)


def main() -> None:
    tensors, cases = {}, []
    for own in CLASSES:
        for file in files(own):
            for use in CLASSES:
                scheduler = CLASSES[use].from_config(load(own, file).config)
                for steps in (5, 20):
                    key = str(len(cases))
                    timesteps, samples = trajectory(scheduler, steps)
                    tensors[f"{key}/timesteps"] = timesteps.to(torch.int64).contiguous()
                    tensors[f"{key}/samples"] = samples.contiguous()
                    cases.append({"use": use, "steps": steps, "file": json.dumps(file)})
    save_file(tensors, PATH)
    PATH.chmod(0o644)
    sidecar = {
        "command": "python reference/unclip_scheduler_switch.py",
        "seed": None,
        "versions": {
            "diffusers": diffusers.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
        },
        "description": "Timesteps CASE/timesteps [calls] and samples CASE/samples [calls, width] after each step of the "
        "scheduler `use`, made by from_config from the scheduler that the text `file`, scheduler_config.json, loads.",
        "cases": cases,
    }
    PATH.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
