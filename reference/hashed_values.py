"""Numbers that a name and an index determine, so that goldens hold no parameters: tests compute the same ones.

Element i of the stream of a name is a 32-bit word w = mix(fnv1a(name) + i * 0x9E3779B9), all modulo 2^32, where mix is
    x ^= x >> 16; x *= 0x7FEB352D; x ^= x >> 15; x *= 0x846CA68B; x ^= x >> 16
and its value is (w >> 8) / 2^23 - 1, in [-1, 1) and exact in float32.
"""

import math

import numpy as np
import torch
from torch import nn


def fnv1a(name: str) -> int:
    result = 0x811C9DC5
    for byte in name.encode("ascii"):
        result = ((result ^ byte) * 0x01000193) & 0xFFFFFFFF
    return result


def words(name: str, count: int) -> np.ndarray:
    """The first words of a name's stream, as uint32."""
    x = np.uint32(fnv1a(name)) + np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def uniform(name: str, shape: tuple[int, ...], scale: float = 1.0, offset: float = 0.0) -> torch.Tensor:
    """offset + scale * value, computed in float64 and rounded to float32, which is what float64 networks are given."""
    values = (words(name, math.prod(shape)) >> np.uint32(8)).astype(np.float64) / 2**23 - 1
    return torch.from_numpy((offset + scale * values).astype(np.float32).reshape(shape)).double()


def parameter(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """The value of an entry of a state dict; its kind follows from the last part of its name and its rank."""
    last = name.rsplit(".", 1)[-1]
    if last == "running_var":
        return uniform(name, shape, 0.5, 1.0)
    if last in ("bias", "running_mean"):
        return uniform(name, shape, 0.25)
    if last in ("pos_embed", "cls_token", "gamma"):
        return uniform(name, shape, 0.5)
    if len(shape) == 1:
        return uniform(name, shape, 0.5, 1.0)
    # Uniform of the variance 1 / fan in, or 2 / fan in under the ReLU that follows a convolution.
    fan_in = math.prod(shape[1:])
    return uniform(name, shape, math.sqrt((6 if len(shape) == 4 else 3) / fan_in))


def load(network: nn.Module) -> None:
    """Gives a network its hashed values."""
    network.load_state_dict({
        name: torch.tensor(0) if value.dtype == torch.int64 else parameter(name, tuple(value.shape))
        for name, value in network.state_dict().items()
    })


def sampled_indices(name: str, count: int, most: int) -> np.ndarray:
    """Which elements of a tensor a golden holds: all of them, or `most` drawn with repetition."""
    if count <= most:
        return np.arange(count)
    drawn = words(f"samples/{name}", most).astype(np.float64) / 2**32
    return np.floor(drawn * count).astype(np.int64)
