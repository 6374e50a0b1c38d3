"""Peer of bench/unclip.ts: denoising by diffusers' UNet2DConditionModel and PNDMScheduler, with guidance.

Reads lines from standard input, each an image: takes the first calls of a run of the scheduler from hashed noise, under
hashed conditions, as StableUnCLIPImg2ImgPipeline makes them. Answers with the seconds that took on the clock and of the
processor, the process's peak memory in bytes and the mean absolute value of the latents.

python reference/bench_unclip.py FOLDER LATENTS STEPS CALLS GUIDANCE THREADS
"""

import json
import sys
import time
from pathlib import Path

import torch
from diffusers import PNDMScheduler, UNet2DConditionModel
from safetensors.torch import load_file

from hashed_values import uniform

TOKENS, TEXT_WIDTH, CLASS_WIDTH = 77, 1024, 2048


def peak_bytes() -> int:
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return 1024 * int(line.split()[1])


def load(folder: Path) -> UNet2DConditionModel:
    """The network over the file's own memory."""
    with torch.device("meta"):
        network = UNet2DConditionModel.from_config(json.loads((folder / "config.json").read_text()))
    network.load_state_dict(load_file(folder / "weights.safetensors"), assign=True)
    return network.eval()


def denoise(network, scheduler, conditions, latents: torch.Tensor, steps: int, calls: int, guidance: float):
    text, labels = conditions
    scheduler.set_timesteps(steps)
    for timestep in scheduler.timesteps[:calls]:
        both = scheduler.scale_model_input(torch.cat([latents] * 2), timestep)
        output = network(both, timestep, encoder_hidden_states=text, class_labels=labels, return_dict=False)[0]
        without, given = output.chunk(2)
        latents = scheduler.step(without + guidance * (given - without), timestep, latents, return_dict=False)[0]
    return latents


def main() -> None:
    folder = Path(sys.argv[1])
    size, steps, calls, guidance, threads = (int(value) for value in sys.argv[2:])
    torch.set_num_threads(threads)
    network = load(folder)
    scheduler = PNDMScheduler.from_config(json.loads((folder / "scheduler_config.json").read_text()))
    latents = uniform("latents", (1, 4, size, size), 1.7).float()
    text = torch.cat([uniform(name, (1, TOKENS, TEXT_WIDTH)).float() for name in ("negative", "text")])
    labels = uniform("labels", (1, CLASS_WIDTH)).float()
    conditions = text, torch.cat([torch.zeros_like(labels), labels])
    with torch.inference_mode():
        for _ in sys.stdin:
            began, busy = time.perf_counter(), time.process_time()
            result = denoise(network, scheduler, conditions, latents, steps, calls, guidance)
            seconds = time.perf_counter() - began, time.process_time() - busy
            print(*seconds, peak_bytes(), result.abs().mean().item(), flush=True)


if __name__ == "__main__":
    main()
