import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { backbone } from "../../../core/backbones/registry.ts";
import { resampledTable } from "../../../core/backbones/resample_positions.ts";
import {
  describeBackboneWeights,
  openBackboneWeights,
} from "../../../core/encoders/backbone_weights.ts";
import { encodeNumbers } from "../../../core/engine/graph/numbers.ts";
import { float32, int64, type Tensor, tensor } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { saveCheckpoint } from "../../../core/weights/checkpoint/checkpoint.ts";
import { writeSafetensors } from "../../../core/weights/safetensors.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { hashedParameters } from "../engine/nn/hashed_values.ts";

const SPEC = backbone("vit_tiny_patch16_224");

function weights(): Map<string, Tensor> {
  const scope = new Scope();
  SPEC.apply(scope, input("images", "float32", [1, 3, 32, 32]));
  return new Map(Object.entries(hashedParameters(scope)));
}

function prefixed(prefix: string, tensors: Iterable<readonly [string, Tensor]>) {
  return [...tensors].map(([name, value]) => [prefix + name, value] as const);
}

Deno.test("openBackboneWeights() takes prefixes off and says what is missing and unused", () =>
  withFolder(async (path) => {
    const own = weights();
    own.delete("norm.bias");
    const head = float32([2], [1, 2]);
    for (const prefix of ["", "module.encoder_q.", "backbone.", "_orig_mod.module."]) {
      const file = path("weights.safetensors");
      const tensors = [...prefixed(prefix, own), ["classifier.bias", head] as const];
      await writeSafetensors(file, tensors, { overwrite: true });
      const opened = await openBackboneWeights(file, SPEC, { size: 32 });
      assertEquals(opened.tensors, own);
      assertEquals(opened.prefix, prefix);
      assertEquals(opened.missing, ["norm.bias"]);
      assertEquals(opened.unused, ["classifier.bias"]);
      assertEquals(
        describeBackboneWeights(opened),
        `${own.size} tensors from ${file}; ` +
          (prefix === "" ? "" : `prefix "${prefix}" taken off; `) +
          "missing: norm.bias; unused: classifier.bias",
      );
    }
  }));

Deno.test("openBackboneWeights() converts to the types that are declared", () =>
  withFolder(async (path) => {
    const values = [0.5, -2, 3];
    const state = new Map<string, Tensor>([
      [
        "norm.bias",
        tensor(
          "bfloat16",
          [192],
          encodeNumbers("bfloat16", Float32Array.from({ length: 192 }, (_, i) => values[i % 3]!)),
        ),
      ],
    ]);
    await writeSafetensors(path("half.safetensors"), state);
    const { tensors, missing } = await openBackboneWeights(path("half.safetensors"), SPEC);
    const found = tensors.get("norm.bias")!;
    assertEquals([found.dtype, ...found.data.slice(0, 3)], ["float32", ...values]);
    assertEquals(missing.includes("norm.weight"), true);
  }));

Deno.test("openBackboneWeights() opens a run's newest checkpoint, or the one that is named", () =>
  withFolder(async (path) => {
    const own = weights();
    const model = [...prefixed("backbone.", own), ["projector.0.bias", float32([1], [0])] as const];
    const state = {
      version: 1,
      method: "simsiam",
      epoch: 1,
      samples: 8,
      configuration: {},
    } as const;
    for (const step of [3, 7]) {
      const sources = { state: { ...state, step }, model, optimizer: [] };
      await saveCheckpoint(path("run/checkpoints"), sources, 2);
    }
    for (const [named, step] of [["run", 7], ["run/checkpoints/step-000000003", 3]] as const) {
      const opened = await openBackboneWeights(path(named), SPEC, { size: 32 });
      assertEquals(opened.path, path(`run/checkpoints/step-00000000${step}/model.safetensors`));
      assertEquals([opened.tensors.size, opened.prefix], [own.size, "backbone."]);
      assertEquals(opened.unused, ["projector.0.bias"]);
    }
  }));

Deno.test("openBackboneWeights() lists all tensors of other shapes and types", () =>
  withFolder(async (path) => {
    const own = weights();
    own.set("pos_embed", float32([1, 4, 192], new Float32Array(4 * 192)));
    own.set("norm.bias", float32([3], [0, 0, 0]));
    own.set("norm.weight", int64([192], Array<number>(192).fill(1)));
    const file = path("wrong.safetensors");
    await writeSafetensors(file, prefixed("backbone.", own));
    const error = await assertRejects(
      () => openBackboneWeights(file, SPEC, { size: 48 }),
      TypeError,
      `Cannot read vit_tiny_patch16_224 from ${file} behind the prefix "backbone.":`,
    );
    assertEquals(error.message.split("\n").slice(1), [
      '  - "pos_embed" must be [1,10,192], found [1,4,192]',
      '  - "norm.bias" must be [192], found [3]',
      '  - "norm.weight" must hold floats, found int64[192]',
    ]);
  }));

Deno.test("openBackboneWeights() resamples positions for images of another size, and says so", () =>
  withFolder(async (path) => {
    const own = weights();
    const file = path("small.safetensors");
    await writeSafetensors(file, own);
    const opened = await openBackboneWeights(file, SPEC, { size: 48 });
    const positions = opened.tensors.get("pos_embed")!;
    assertEquals([positions.shape, opened.resampledFrom], [[1, 10, 192], 4]);
    assertEquals(
      positions,
      resampledTable(own.get("pos_embed") as Tensor<"float32">, [1, 10, 192]),
    );
    assertStringIncludes(
      describeBackboneWeights(opened),
      "positions of 4 patches resampled to 9",
    );
    const same = await openBackboneWeights(file, SPEC, { size: 32 });
    assertEquals([same.tensors.get("pos_embed"), same.resampledFrom], [
      own.get("pos_embed"),
      undefined,
    ]);
  }));

Deno.test("openBackboneWeights() names the prefixes that it does not know, or what it finds instead", () =>
  withFolder(async (path) => {
    const file = path("weights.safetensors");
    await writeSafetensors(file, prefixed("student.net.", weights()));
    await assertRejects(
      () => openBackboneWeights(file, SPEC, { size: 32 }),
      TypeError,
      'such as "cls_token", found them behind "student.net.": save that part alone',
    );
    await writeSafetensors(file, [["a.b", float32([1], [0])]], { overwrite: true });
    await assertRejects(() => openBackboneWeights(file, SPEC), TypeError, 'found "a.b"');
    await assertRejects(
      () => openBackboneWeights(path("none.pth"), SPEC),
      Deno.errors.NotFound,
      "there is no such file or folder",
    );
  }));
