"""Peer of bench/methods.ts: trains a method with lightly's heads, losses and moving averages on the batches and by the
schedules that it is sent, and writes its backbone.

Standard input is a frame for each step: the length of a header in four bytes, little-endian, the header as JSON (the
step's scalars, by the names that ours have), then each view as float32 [N,3,S,S]. It ends after the last step.

python reference/bench_methods_train.py METHOD JSON OUTPUT.safetensors
"""

import json
import sys
from collections.abc import Iterator
from math import prod
from typing import BinaryIO

import numpy as np
import torch
from safetensors.torch import save_file

from bench_methods import METHODS, SCALARS, Network, named_parameters

View = torch.Tensor


def frames(stream: BinaryIO, shapes: list[tuple[int, ...]]) -> Iterator[tuple[dict, list[View]]]:
    while length := stream.read(4):
        header = json.loads(stream.read(int.from_bytes(length, "little")))
        views = []
        for shape in shapes:
            pixels = np.frombuffer(bytearray(stream.read(4 * prod(shape))), np.float32)
            views.append(torch.from_numpy(pixels.reshape(shape)))
        yield header, views


def rule_of(name: str, rules: list[dict]) -> dict:
    """The rule of the longest pattern that is part of the name, the first in the alphabet of several."""
    ordered = sorted(rules, key=lambda rule: (-len(rule["pattern"]), rule["pattern"]))
    return next((rule for rule in ordered if rule["pattern"] in name), {})


def make_optimizer(network: Network, o: dict) -> torch.optim.Optimizer:
    groups = [
        {"params": [value], "rule": rule_of(name, o["rules"])} for name, value in named_parameters(network)
    ]
    chosen = o["optimization"]
    if chosen["optimizer"] == "adamw":
        return torch.optim.AdamW(groups, betas=(chosen["beta1"], chosen["beta2"]), eps=chosen["epsilon"])
    assert chosen["optimizer"] == "sgd", chosen["optimizer"]
    return torch.optim.SGD(groups, lr=0.1, momentum=chosen["momentum"], nesterov=chosen["nesterov"])


def set_scalars(optimizer: torch.optim.Optimizer, header: dict) -> None:
    for group in optimizer.param_groups:
        rule = group["rule"]
        rate = header["fixed_learning_rate" if rule.get("fixedLearningRate") else "learning_rate"]
        group["lr"] = rate * rule.get("learningRateScale", 1)
        group["weight_decay"] = header["weight_decay"] * rule.get("weightDecayScale", 1)
    for name in SCALARS:
        if f"scheduled.{name}" in header:
            SCALARS[name] = header[f"scheduled.{name}"]


def drop_frozen(network: Network, o: dict, header: dict) -> None:
    """Prototypes and last layers that stay as they are at first have no gradient."""
    for name, value in network.named_parameters():
        prototypes = name.startswith("prototypes") and header["step"] < o.get("freezeIterations", 0)
        if prototypes or ("last_layer" in name and header["epoch"] < o.get("freezeEpochs", 0)):
            value.grad = None


def main() -> None:
    method, options, output = sys.argv[1:]
    o = json.loads(options)
    torch.manual_seed(o["seed"])
    torch.set_num_threads(o["threads"])
    network, loss_of = METHODS[method](o)
    network.train().to(memory_format=torch.channels_last)
    optimizer = make_optimizer(network, o)
    shapes = [(o["batch"], 3, size, size) for size in o["sizes"]]
    for header, views in frames(sys.stdin.buffer, shapes):
        set_scalars(optimizer, header)
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(views)
        loss.backward()
        drop_frozen(network, o, header)
        optimizer.step()
        print(loss.item(), flush=True)
    save_file({f"backbone.{name}": value.contiguous() for name, value in network.backbone.state_dict().items()}, output)


if __name__ == "__main__":
    main()
