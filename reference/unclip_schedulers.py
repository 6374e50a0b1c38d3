"""Writes fixtures/golden/unclip_schedulers.safetensors: trajectories of diffusers' schedulers, in float32.

The network is x / (1 + x^2) + c t / 1000 with hashed c, so that an error of a step reaches all that follow. Timesteps and
the sample after each step are kept.
"""

import json
import platform
from pathlib import Path

import diffusers
import numpy as np
import safetensors
import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, PNDMScheduler
from safetensors.torch import save_file

from hashed_values import uniform

PATH = Path(__file__).parents[1] / "fixtures" / "golden" / "unclip_schedulers.safetensors"
PUBLISHED = {
    "num_train_timesteps": 1000,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "steps_offset": 1,
}
CLASSES = {
    "pndm": (PNDMScheduler, {"skip_prk_steps": True, "set_alpha_to_one": False}),
    "ddim": (DDIMScheduler, {"clip_sample": False, "set_alpha_to_one": False}),
    "dpm-solver++": (DPMSolverMultistepScheduler, {}),
}
WIDTH = 6
RUNS = [(steps, "leading", {}) for steps in (1, 5, 20, 50)] + [
    (14, "linspace", {}),
    (20, "linspace", {}),
    (20, "trailing", {}),
    (30, "trailing", {}),
    (10, "leading", {"beta_schedule": "squaredcos_cap_v2"}),
    (10, "leading", {"beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02}),
]
SPECIAL = {
    "pndm": [(10, "leading", {"set_alpha_to_one": True, "steps_offset": 0})],
    "ddim": [(10, "leading", {"set_alpha_to_one": True, "steps_offset": 0})],
    "dpm-solver++": [
        (10, "leading", {"final_sigmas_type": "sigma_min"}),
        (20, "leading", {"final_sigmas_type": "sigma_min"}),
        (10, "leading", {"lower_order_final": False}),
    ],
}


def trajectory(scheduler, steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    sample = uniform("sample", (WIDTH,), 2.0).float()
    offset = uniform("offset", (WIDTH,)).float()
    scheduler.set_timesteps(steps)
    samples = []
    for t in scheduler.timesteps:
        output = sample / (1 + sample * sample) + offset * (float(t) / 1000)
        sample = scheduler.step(output, t, sample).prev_sample
        samples.append(sample)
    return scheduler.timesteps, torch.stack(samples)


def main() -> None:
    tensors, cases = {}, []
    for name, (build, own) in CLASSES.items():
        for prediction in ("v_prediction", "epsilon"):
            for steps, spacing, special in [*RUNS, *SPECIAL[name]]:
                config = {**PUBLISHED, **own, "prediction_type": prediction, "timestep_spacing": spacing, **special}
                key = str(len(cases))
                timesteps, samples = trajectory(build(**config), steps)
                tensors[f"{key}/timesteps"] = timesteps.to(torch.int64).contiguous()
                tensors[f"{key}/samples"] = samples.contiguous()
                cases.append({"scheduler": name, "steps": steps, "config": config})
    cumulative = {}
    for schedule, config in {
        "scaled_linear": {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012},
        "linear": {"beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02},
        "squaredcos_cap_v2": {"beta_schedule": "squaredcos_cap_v2"},
    }.items():
        cumulative[schedule] = config
        tensors[f"cumulative/{schedule}"] = DDIMScheduler(num_train_timesteps=1000, **config).alphas_cumprod
    save_file(tensors, PATH)
    PATH.chmod(0o644)
    sidecar = {
        "command": "python reference/unclip_schedulers.py",
        "seed": None,
        "versions": {
            "diffusers": diffusers.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
        },
        "description": "Timesteps CASE/timesteps [calls] and samples CASE/samples [calls, width] after each step of a "
        "scheduler, and the cumulative products of 1 - beta, cumulative/SCHEDULE [1000].",
        "cases": cases,
        "cumulative": cumulative,
    }
    PATH.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n")


if __name__ == "__main__":
    main()
