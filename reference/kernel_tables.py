"""Tables of the kernels that ONNX Runtime registers for the CPU and CUDA, and of the operators' schemas, as the library
itself lists them: core/engine/onnx/kernels/{cpu,cuda,schemas}.json. webgpu_kernels.ts makes WebGPU's from the schemas.

    pip download --no-deps onnxruntime-gpu==1.30.0 && unzip -d WHEEL onnxruntime_gpu-1.30.0-*.whl
    deno run -A support/cuda_stand_in/build.ts STAND_IN
    LD_LIBRARY_PATH=STAND_IN/cuda PYTHONPATH=WHEEL python reference/kernel_tables.py

The version of ONNX Runtime is the wheel's. The CUDA provider registers its kernels on the stand-in as on a GPU. Listing
them, the library also asks for TensorRT's provider, in whose place the program puts one that hands out CUDA's.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "core" / "engine" / "onnx" / "kernels"
DOMAINS = {"": "", "ai.onnx": "", "com.microsoft": "com.microsoft", "com.microsoft.nchwc": "com.microsoft.nchwc"}
PROVIDERS = {"CPUExecutionProvider": "cpu", "CUDAExecutionProvider": "cuda"}
OLDEST_OPSET = 17  # Kernels for older operators alone are left out.
# Element types as ONNX Runtime names them and as genview does; others are left out.
TYPES = {
    "bfloat16": "bfloat16",
    "bool": "bool",
    "double": "float64",
    "float": "float32",
    "float16": "float16",
    "int16": "int16",
    "int32": "int32",
    "int64": "int64",
    "int8": "int8",
    "uint16": "uint16",
    "uint8": "uint8",
}

# C++ returns the factory, a shared pointer, at a place that the caller hands in first; the first entry of CUDA's own
# provider takes options, of which zeros stand for a device without any.
IN_TENSORRTS_PLACE = """
#include <dlfcn.h>
static void *table[32], **provider = table;
static char options[8192];
static void nothing(void) {}
static void *factory(void *result, void *self, int device) {
  void *(*get)(void) = dlsym(dlopen("CUDA_PROVIDER", RTLD_NOW), "GetProvider");
  void ***cuda = get();
  void *(*make)(void *, void *, void *) = (*cuda)[0];
  return make(result, cuda, options);
}
void *GetProvider(void) {
  for (int i = 0; i < 32; i++) table[i] = nothing;
  table[1] = factory;
  return &provider;
}
"""


def put_in_tensorrts_place(libraries: Path) -> None:
    source = IN_TENSORRTS_PLACE.replace("CUDA_PROVIDER", str(libraries / "libonnxruntime_providers_cuda.so"))
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        file.write(source)
        file.flush()
        place = libraries / "libonnxruntime_providers_tensorrt.so"
        place.unlink(missing_ok=True)
        subprocess.run(["gcc", "-w", "-shared", "-fPIC", "-o", str(place), file.name, "-ldl"], check=True)


def full_name(domain: str, name: str) -> str:
    return name if DOMAINS[domain] == "" else f"{DOMAINS[domain]}::{name}"


def element_types(names: list[str]) -> list[str]:
    """Element types of tensors, without sequences, maps and optional values."""
    return sorted({TYPES[name[7:-1]] for name in names if name.startswith("tensor(") and name[7:-1] in TYPES})


def merge(entries: list[tuple[int, int | None, dict[str, list[str]]]]) -> list[list]:
    """Kernels of the same range that differ in the types of one variable are one."""
    merged: list[list] = []
    for since, until, types in entries:
        for other in merged:
            if other[:2] == [since, until] and other[2].keys() == types.keys():
                differing = [name for name in types if other[2][name] != types[name]]
                if len(differing) <= 1:
                    for name in differing:
                        other[2][name] = sorted({*other[2][name], *types[name]})
                    break
        else:
            merged.append([since, until, types])
    if (again := [tuple(entry) for entry in merged]) != entries:
        return merge(again)
    return [[since, until, {name: " ".join(found) for name, found in types.items()}] for since, until, types in merged]


def kernel_table(definitions, provider: str) -> dict[str, list]:
    found: dict[str, list] = {}
    for definition in definitions:
        since, until = definition.version_range
        newest = until if until < 1000 else None
        if definition.provider != provider or definition.domain not in DOMAINS:
            continue
        if DOMAINS[definition.domain] == "" and newest is not None and newest < OLDEST_OPSET:
            continue
        types = {name: element_types([str(t) for t in given]) for name, given in definition.type_constraints.items()}
        if not all(types.values()):
            continue
        entry = (since, newest, types)
        entries = found.setdefault(full_name(definition.domain, definition.op_name), [])
        if entry not in entries:
            entries.append(entry)
    return {
        name: merge(sorted(entries, key=lambda entry: (entry[0], json.dumps(entry[2]))))
        for name, entries in sorted(found.items())
        if not name.startswith("Memcpy")
    }


def schema_table(schemas, names: set[str]) -> dict[str, list]:
    """By operator: the version, the variables or types of inputs and outputs; optional ones have ?, repeated ones *."""
    table: dict[str, list] = {}
    for schema in schemas:
        if schema.domain not in DOMAINS or full_name(schema.domain, schema.name) not in names:
            continue

        def side(parameters) -> str:
            words = []
            for parameter in parameters:
                word = parameter.typeStr
                word = TYPES.get(word[7:-1], "other") if word.startswith("tensor(") else word
                option = str(parameter.option).rsplit(".", 1)[-1]
                words.append(word + {"Optional": "?", "Variadic": "*", "Single": ""}[option])
            return " ".join(words)

        entry = [schema.since_version, side(schema.inputs), side(schema.outputs)]
        table.setdefault(full_name(schema.domain, schema.name), []).append(entry)
    for name, entries in table.items():
        entries.sort(key=lambda entry: entry[0])
        newest_old = max((i for i, entry in enumerate(entries) if entry[0] <= OLDEST_OPSET), default=0)
        table[name] = entries[newest_old:]
    return dict(sorted(table.items()))


def write(name: str, facts: dict, rows: dict[str, list]) -> None:
    head = "".join(f"{json.dumps(key)}: {json.dumps(value)},\n" for key, value in facts.items())
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in rows.items())
    path = FOLDER / f"{name}.json"
    path.write_text(f'{{\n{head}"operators": {{\n{lines}\n}}\n}}\n')
    print(f"{path}: {len(rows)} operators, {path.stat().st_size} bytes")


def main() -> None:
    import onnxruntime

    libraries = Path(onnxruntime.__file__).parent / "capi"
    put_in_tensorrts_place(libraries)
    import onnxruntime.capi.onnxruntime_pybind11_state as state

    version = onnxruntime.__version__
    definitions = state.get_all_opkernel_def()
    names: set[str] = set()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for provider, short in PROVIDERS.items():
        table = kernel_table(definitions, provider)
        if not table:
            sys.exit(f"{provider} registers nothing; is STAND_IN/cuda in LD_LIBRARY_PATH?")
        names |= table.keys()
        source = f"kernels that the wheel onnxruntime-gpu {version} registers for {provider}"
        write(short, {"onnxruntime": version, "source": source, "command": "reference/kernel_tables.py"}, table)
    source = f"schemas of the wheel onnxruntime-gpu {version}, from opset {OLDEST_OPSET} on"
    schemas = schema_table(state.get_all_operator_schema(), names)
    write("schemas", {"onnxruntime": version, "source": source, "command": "reference/kernel_tables.py"}, schemas)


if __name__ == "__main__":
    main()
    # The providers' own ends do not survive without a GPU.
    sys.stdout.flush()
    os._exit(0)
