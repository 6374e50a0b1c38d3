"""Writes fixtures/golden/mixed_*_steps.*: 20 steps of SimSiam and MoCo v3 under torch.autocast and torch.amp.GradScaler.

The methods, networks and batches of simsiam_steps.py and moco_v3_steps.py, in float16 on the CPU and in float32 beside it: what
float16 makes of each loss and each tensor is the measure of what may differ. Losses are computed in float32. A second run of
each starts with a scale so large that the first steps overflow. Such a step leaves no trace: buffers, which PyTorch would
have moved, are put back, and the momentum encoder does not follow.
"""

import json
import sys
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

import moco_v3_steps
import simsiam_steps
from optimizers import Lars
from training_steps import Run, cosine, deviation, follow_online, measure, save_golden, snapshot, spread_of, views_of

# Scales of the loss at the start, and what an overflow multiplies them by: GradScaler's own; and a scale that overflows three
# times, each time far beyond what float16 holds, and ends far below, so that rounding does not decide on what is skipped.
SCALES = {"plain": {"scale": 2.0**16, "backoff": 0.5}, "overflow": {"scale": 2.0**43, "backoff": 2.0**-10}}


def run(
    setup: dict,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    rate: Callable[[int], None],
    loss_of: Callable[[list[torch.Tensor]], tuple[torch.Tensor, torch.Tensor]],
    momentum: Callable[[int], float] | None,
    scaling: dict[str, float] | None,
) -> Run:
    """Takes a run's steps in float16 from a scale, or in float32 without one."""
    enabled = scaling is not None
    given = {"init_scale": scaling["scale"], "backoff_factor": scaling["backoff"]} if enabled else {}
    scaler = torch.amp.GradScaler("cpu", enabled=enabled, **given)
    initial, losses, spreads, scales = snapshot(network), [], [], []
    network.train()
    skipped = True
    for step in range(setup["steps"]):
        rate(step)
        if momentum is not None and not skipped:
            follow_online(network, momentum(step))
        buffers = {name: value.clone() for name, value in network.named_buffers()}
        with torch.autocast("cpu", torch.float16, enabled=enabled):
            loss, embeddings = loss_of(views_of(setup, step))
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        before = scaler.get_scale()
        scaler.step(optimizer)
        scaler.update()
        skipped = scaler.get_scale() < before
        if skipped:
            with torch.no_grad():
                for name, value in network.named_buffers():
                    value.copy_(buffers[name])
        losses.append(loss.item())
        spreads.append(spread_of(embeddings.float()))
        scales.append(scaler.get_scale())
    if momentum is not None and not skipped:
        follow_online(network, momentum(setup["steps"]))
    return Run(initial, snapshot(network), losses, spreads, {"scales": scales} if enabled else {})


def simsiam(scaling: dict[str, float] | None) -> Run:
    setup = simsiam_steps.SETUP
    network = simsiam_steps.SimSiam(setup["projectorWidth"], setup["predictorWidth"])
    optimizer = torch.optim.SGD(
        [
            {"params": [*network.backbone.parameters(), *network.projector.parameters()]},
            {"params": network.predictor.parameters()},
        ],
        lr=setup["learningRate"],
        momentum=setup["momentum"],
        weight_decay=setup["weightDecay"],
    )

    def rate(step: int) -> None:
        optimizer.param_groups[0]["lr"] = cosine(step, setup["steps"], setup["learningRate"], 0)

    def loss_of(views: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        z1, z2 = (network.projector(network.backbone(view)) for view in views)
        p1, p2 = network.predictor(z1), network.predictor(z2)
        pairs = (p1, z2), (p2, z1)
        return -sum(F.cosine_similarity(p.float(), z.detach().float()) for p, z in pairs).mean() / 2, z1

    return run(setup, network, optimizer, rate, loss_of, None, scaling)


def moco_v3(setup: dict) -> Callable[[dict[str, float] | None], Run]:
    def train(scaling: dict[str, float] | None) -> Run:
        network = moco_v3_steps.MoCo(setup)
        parameters = [value for value in network.parameters() if value.requires_grad]
        if "patch" in setup:
            optimizer = torch.optim.AdamW(parameters, lr=0.0, weight_decay=setup["weightDecay"], eps=setup["epsilon"])
        else:
            groups = [{"params": parameters, "weight_decay": setup["weightDecay"]}]
            optimizer = Lars(groups, rate_inside=False, momentum=setup["momentum"], eta=setup["eta"])

        def rate(step: int) -> None:
            for group in optimizer.param_groups:
                group["lr"] = cosine(step, setup["steps"], setup["learningRate"], 0)

        def contrast(q: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
            logits = (q @ k.T).float() / network.temperature
            return 2 * network.temperature * F.cross_entropy(logits, torch.arange(len(q)))

        def loss_of(views: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
            unit = lambda x: F.normalize(x.float(), dim=1)
            project = lambda part, view: part["projector"](part["backbone"](view))
            online = {"backbone": network.backbone, "projector": network.projector}
            q1, q2 = (unit(network.predictor(project(online, view))) for view in views)
            with torch.no_grad():
                k1, k2 = (unit(project(network.momentum_encoder, view)) for view in views)
            return contrast(q1, k2) + contrast(q2, k1), q1

        momentum = lambda step: cosine(step, setup["steps"], setup["encoderMomentum"], 1)
        return run(setup, network, optimizer, rate, loss_of, momentum, scaling)

    return train


def write(name: str, title: str, setup: dict, train: Callable[[dict[str, float] | None], Run]) -> None:
    single = train(None)
    tensors, found = {"float32/losses": torch.tensor(single.losses, dtype=torch.float64)}, {}
    for kind, scaling in SCALES.items():
        half = train(scaling)
        wanted = Run(single.initial, {key: value.double() for key, value in single.final.items()}, [], [])
        floats = [key for key, value in half.final.items() if value.dtype != torch.int64]
        own = {key: deviation(key, half, wanted) for key in floats}
        doubled = Run(half.initial, {
            key: value if value.dtype == torch.int64 else value.double() for key, value in half.final.items()
        }, half.losses, half.spreads, half.series)
        tensors |= {f"{kind}/{key}": value for key, value in measure(doubled, setup["samples"])}
        # Skipped steps lead elsewhere than float32 does: there the measure is that of the other run.
        if kind == "plain":
            tensors |= {f"own/{key}": torch.tensor(value, dtype=torch.float64) for key, value in own.items()}
        worst = max(own, key=own.__getitem__)
        found[kind] = {
            **scaling,
            "loss": max(abs(a - b) / abs(b) for a, b in zip(half.losses, single.losses)),
            "parameter": own[worst],
            "which": worst,
            "scales": half.series["scales"],
        }
        print(name, kind, json.dumps(found[kind]), [round(loss, 4) for loss in half.losses])
    save_golden(
        name,
        tensors,
        "mixed_precision_steps.py",
        f"20 steps of {title} under torch.autocast in float16 on the CPU, from two scales of the loss: losses, "
        "scales, final state, and how far float16 is from float32.",
        {**setup, "float16": found},
    )


if __name__ == "__main__":
    programs = {
        "mixed_simsiam_steps": ("SimSiam on a small ResNet", simsiam_steps.SETUP, simsiam),
        "mixed_moco_v3_resnet_steps": ("MoCo v3 on a small ResNet", moco_v3_steps.RESNET, moco_v3(moco_v3_steps.RESNET)),
        "mixed_moco_v3_vit_steps": ("MoCo v3 on a small ViT", moco_v3_steps.VIT, moco_v3(moco_v3_steps.VIT)),
    }
    for name, program in programs.items():
        if name in (sys.argv[1:] or programs):
            write(name, *program)
