"""Writes fixtures/golden/pth_* and npy_format: files of torch.save and numpy.save, with what they hold as safetensors."""

import collections
import io
import json
import platform
import zipfile
from pathlib import Path

import numpy
import safetensors
import torch
from safetensors.torch import save_file

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden"
SEED = 0


class History:
    """A class that no reader knows, with a state, as training programs pickle them."""

    def __init__(self) -> None:
        self.values = numpy.arange(3.0)


# Named like the class of the training program whose checkpoints hold it.
History.__module__ = "mmengine.logging.history_buffer"
History.__qualname__ = History.__name__ = "HistoryBuffer"


def register_history() -> None:
    """Lets pickle find the class under that name."""
    import sys
    import types

    for name in ("mmengine", "mmengine.logging", "mmengine.logging.history_buffer"):
        sys.modules.setdefault(name, types.ModuleType(name))
    sys.modules["mmengine.logging.history_buffer"].HistoryBuffer = History


def types_of_elements() -> dict[str, torch.Tensor]:
    special = [0.0, -0.0, 1.5, -2.25, float("inf"), float("-inf")]
    return {
        "double": torch.tensor([*special, 0.1], dtype=torch.float64),
        "float": torch.tensor(special).reshape(2, 3),
        "half": torch.tensor([*special, 65504.0], dtype=torch.float16),
        "brain": torch.tensor([*special, 3.0e38], dtype=torch.bfloat16),
        "long": torch.tensor([-(2**63), -1, 2**63 - 1]),
        "int": torch.tensor([[-(2**31)], [2**31 - 1]], dtype=torch.int32),
        "short": torch.tensor([-(2**15), 7], dtype=torch.int16),
        "byte": torch.tensor([0, 255, 3], dtype=torch.uint8),
        "signed_byte": torch.tensor([-128, 127], dtype=torch.int8),
        "flags": torch.tensor([[True, False, True]]),
    }


def views() -> dict[str, torch.Tensor]:
    """Tensors that share a storage, at offsets and with strides."""
    base = torch.randn(4, 6)
    channels_last = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
    return {
        "base": base,
        "transposed": base.T,
        "column": base[:, 2],
        "block": base[1:3, 1:6:2],
        "tail": base[2:],
        "scalar": base[3, 5],
        "empty": base[:0],
        "repeated": base[1].expand(3, 6),
        "channels_last": channels_last,
        "größe.weight": torch.randn(3),
    }


def state_dict() -> collections.OrderedDict:
    """A module's state dict, with its metadata, and parameters as such."""
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    state = module.state_dict()
    assert state._metadata
    state["parameter"] = torch.nn.Parameter(torch.randn(2, 2))
    return state


def attributed() -> torch.Tensor:
    """A parameter with an attribute, which torch saves in another way."""
    parameter = torch.nn.Parameter(torch.randn(2, 3))
    parameter.origin = "timm"
    return parameter


def checkpoint() -> dict:
    """What a training program saves: a state dict among other things."""
    weight = torch.randn(3, 2)
    return {
        "meta": {"epoch": 3, "seed": 2**40, "big": 2**70, "time": 1.5, "cfg": "größe", "none": None},
        "state_dict": collections.OrderedDict(
            [("backbone.weight", weight), ("backbone.bias", torch.randn(3)), ("steps", torch.tensor(7))]
        ),
        "message_hub": {"loss": History(), "lr": numpy.float64(0.1), "array": numpy.arange(4)},
        "optimizer": {
            "state": {0: {"exp_avg": torch.randn(3, 2), "step": 5}},
            "param_groups": [{"lr": 0.1, "params": [0, 1], "betas": (0.9, 0.999)}],
        },
        "flags": {"set": {1, 2}, "device": torch.device("cpu"), "size": torch.Size([2, 3]), "dtype": torch.float32},
    }


def opaque() -> dict:
    """A tensor beside ones of kinds that cannot be read as dense tensors."""
    return {
        "weight": torch.randn(2),
        "complex": torch.zeros(2, dtype=torch.complex64),
        "sparse": torch.eye(2).to_sparse(),
        "history": History(),
    }


def dense(value, path: str = "") -> dict[str, torch.Tensor]:
    """The tensors of nested dictionaries and lists, by path, as copies."""
    if isinstance(value, torch.Tensor):
        return {path: value.detach().contiguous().clone()}
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    else:
        return {}
    found: dict[str, torch.Tensor] = {}
    for key, item in items:
        found |= dense(item, f"{path}.{key}" if path else str(key))
    return found


def write(name: str, value, expected: dict[str, torch.Tensor], description: str, **options) -> None:
    torch.save(value, GOLDEN / f"pth_{name}.pth", **options)
    describe(f"pth_{name}", expected, description)


def describe(name: str, expected: dict[str, torch.Tensor], description: str) -> None:
    save_file(expected, GOLDEN / f"{name}.safetensors")
    sidecar = {
        "command": "python reference/pth_files.py",
        "seed": SEED,
        "versions": {
            "numpy": numpy.__version__,
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
        },
        "description": description,
    }
    (GOLDEN / f"{name}.json").write_text(json.dumps(sidecar, indent=2) + "\n")


def write_compressed(value: dict[str, torch.Tensor]) -> None:
    """A file of torch.save whose archive another program has compressed."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(
        GOLDEN / "pth_compressed.pth", "w", zipfile.ZIP_DEFLATED
    ) as target:
        for entry in source.namelist():
            target.writestr(zipfile.ZipInfo(entry), source.read(entry), zipfile.ZIP_DEFLATED)
    describe("pth_compressed", dense(value), "A file of torch.save whose archive was compressed afterwards.")


def write_zip64(value: dict[str, torch.Tensor]) -> None:
    """A file of torch.save whose archive uses zip64's fields throughout, as those above 4 GB do."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    limit = zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 0, 0
    try:
        with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(GOLDEN / "pth_zip64.pth", "w") as target:
            for entry in source.namelist():
                with target.open(zipfile.ZipInfo(entry), "w", force_zip64=True) as file:
                    file.write(source.read(entry))
    finally:
        zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = limit
    loaded = torch.load(GOLDEN / "pth_zip64.pth")
    assert all(torch.equal(loaded[name], tensor) for name, tensor in value.items())
    describe("pth_zip64", dense(value), "A file of torch.save whose archive uses zip64's fields, as those above 4 GB do.")


def write_arrays() -> None:
    """Files of numpy.save, side by side in one safetensors file: their bytes, and what they hold."""
    random = numpy.random.default_rng(SEED)
    arrays = {
        "features": random.normal(size=(8, 5)).astype("<f2"),
        "vectors": random.normal(size=(6, 1)).astype("<f4"),
        "means": random.normal(size=(6,)).astype("<f4"),
        "double": random.normal(size=(2, 1, 3)),
        "scalar": numpy.array(-7, dtype="<i8"),
        "empty": numpy.zeros((0, 4), dtype="<i4"),
        "short": numpy.array([-3, 2**15 - 1], dtype="<i2"),
        "signed_byte": numpy.array([[-128, 127]], dtype="|i1"),
        "unsigned_short": numpy.array([0, 2**16 - 1], dtype="<u2"),
        "byte": numpy.array([0, 255], dtype="|u1"),
        "flags": numpy.array([True, False]),
        "columns": numpy.asfortranarray(random.normal(size=(3, 4, 2)).astype("<f4")),
    }
    stored: dict[str, torch.Tensor] = {}
    for name, array in arrays.items():
        for version in ((1, 0), (2, 0), (3, 0)):
            buffer = io.BytesIO()
            numpy.lib.format.write_array(buffer, array, version=version)
            data = numpy.frombuffer(buffer.getvalue(), dtype="|u1").copy()
            stored[f"{name}.v{version[0]}"] = torch.from_numpy(data)
        # ascontiguousarray makes a scalar a vector.
        stored[f"{name}.value"] = torch.from_numpy(array.copy(order="C"))
    for name, array in {
        "big_endian": numpy.arange(3, dtype=">f4"),
        "object": numpy.array([None, {}], dtype=object),
        "text": numpy.array(["a"]),
        "complex": numpy.zeros(2, dtype="<c8"),
        "record": numpy.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]),
    }.items():
        buffer = io.BytesIO()
        numpy.save(buffer, array, allow_pickle=True)
        data = numpy.frombuffer(buffer.getvalue(), dtype="|u1").copy()
        stored[f"unsupported.{name}"] = torch.from_numpy(data)
    describe(
        "npy_format",
        stored,
        "The bytes of .npy files of NumPy in versions 1 to 3 of the format, and what they hold.",
    )


def main() -> None:
    register_history()
    torch.manual_seed(SEED)
    elements = types_of_elements()
    extended = elements | {"unsigned_short": torch.tensor([0, 2**16 - 1, 7], dtype=torch.uint16)}
    write("types", extended, dense(extended), "A tensor of every element type, as a zip archive.")
    write(
        "types_legacy",
        elements,
        dense(elements),
        "A tensor of every element type, in the format before PyTorch 1.6.",
        _use_new_zipfile_serialization=False,
    )
    shared = views()
    write("views", shared, dense(shared), "Views of one storage: offsets, strides, repeats.")
    write(
        "views_legacy",
        shared,
        dense(shared),
        "Views of one storage, in the format before PyTorch 1.6.",
        _use_new_zipfile_serialization=False,
    )
    state = state_dict()
    write("state_dict", state, dense(state), "A module's state dict with its metadata, and a parameter.")
    write(
        "protocol4",
        state,
        dense(state),
        "The same by protocol 4 of pickle.",
        pickle_protocol=4,
    )
    nested = {"state_dict": {"a": attributed()}, "list": [torch.randn(1), (torch.randn(2),)]}
    write("nested", nested, dense(nested), "Tensors in nested lists, and a parameter with an attribute.")
    training = checkpoint()
    write("checkpoint", training, dense(training), "A training program's checkpoint, with values of many classes.")
    odd = opaque()
    write("opaque", odd, {"weight": odd["weight"]}, "A tensor beside kinds that cannot be read as dense tensors.")
    small = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor([1, 2])}
    write_compressed(small)
    write_zip64(small)
    write_arrays()


if __name__ == "__main__":
    main()
