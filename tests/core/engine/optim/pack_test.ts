import { assert, assertEquals } from "@std/assert";
import { nodesLeadingTo } from "../../../../core/engine/graph/node.ts";
import { float32, int64 } from "../../../../core/engine/graph/tensor.ts";
import { input, type Value } from "../../../../core/engine/graph/value.ts";
import {
  adamW,
  buildUpdate,
  lars,
  pieceLengthFor,
  sgd,
  type UpdateOptions,
} from "../../../../core/engine/optim/mod.ts";
import { packInPieces, packTensors, piecesOf } from "../../../../core/engine/optim/pack.ts";
import { mul } from "../../../../core/engine/ops/mul.ts";
import { CPU } from "../../../../core/engine/ort/mod.ts";
import { PackedTensors } from "../../../../core/engine/step/packed_tensors.ts";
import { UpdateRun } from "./update_run.ts";

/** A network of many layers: weights, and biases that do not decay. */
const LAYERS = Array.from({ length: 10 }, (_, i) => [
  input(`layers.${i}.weight`, "float32", [8, 30 + i]),
  input(`layers.${i}.bias`, "float32", [8]),
]).flat();

const RULES = [{ pattern: "bias", weightDecayScale: 0, excludeFromLars: true }];

function build(options: Partial<UpdateOptions> = {}) {
  return buildUpdate({
    parameters: LAYERS,
    rules: RULES,
    optimizer: sgd(),
    gradientNorm: true,
    pieceLength: 1 << 20,
    ...options,
  });
}

function packedNames(options: Partial<UpdateOptions>): string[][] {
  return build(options).packs.filter(({ name }) => name.startsWith("pack")).map(({ members }) =>
    members.map(({ name }) => name)
  );
}

Deno.test("A pack's tensors begin where CUDA's own allocations would, whatever their type", () => {
  const of = (dtype: "float32" | "float64" | "int64", lengths: number[]) =>
    packTensors(
      "pack",
      64,
      lengths.map((length, i) => ({ name: `${i}`, type: { dtype, shape: [length] } })),
    )
      .members.map(({ offset }) => offset);
  assertEquals(of("float32", [1, 64, 65, 1]), [0, 64, 128, 256]);
  assertEquals(of("float64", [1, 33, 1]), [0, 32, 96]);
  assertEquals(of("int64", [1, 1]), [0, 32]);
});

Deno.test("A pack's pieces are even ones where there would be too many", () => {
  const tensors = [{ name: "x", type: { dtype: "float32" as const, shape: [1 << 20] } }];
  const pieces = piecesOf(packInPieces("pack", 256, tensors));
  assertEquals(pieces.length, 64);
  assertEquals(pieces.at(-1), { name: "pack.63", offset: 63 << 14, length: 1 << 14 });
});

Deno.test("An update of many parameters is one of a few vectors", () => {
  const count = (options: Partial<UpdateOptions>) =>
    nodesLeadingTo(Object.values(build(options).outputs), true).length;
  for (const optimizer of [sgd(), adamW()]) {
    assert(count({ optimizer, pieceLength: 0 }) > 150);
    assert(count({ optimizer }) < 50);
  }
});

Deno.test("Parameters are packed with those that follow the same rule", () => {
  const weights = LAYERS.filter((_, i) => i % 2 === 0).map(nameOf);
  const biases = LAYERS.filter((_, i) => i % 2 === 1).map(nameOf);
  assertEquals(packedNames({}), [weights, biases]);
  assertEquals(packedNames({ rules: [] }), [LAYERS.map(nameOf)]);
  const averaged = LAYERS.filter((_, i) => i % 4 === 0);
  const averages = averaged.map((value) => ({
    target: input(`average.${nameOf(value)}`, "float32", value.shape),
    source: nameOf(value),
  }));
  const packs = packedNames({ exponentialMovingAverages: averages });
  assertEquals(packs.map(({ length }) => length), [5, 10, 5]);
});

Deno.test("What an update looks at as a whole is not packed", () => {
  const biases = LAYERS.filter((_, i) => i % 2 === 1).map(nameOf);
  assertEquals(packedNames({ optimizer: lars() }), [biases]);
  assertEquals(packedNames({ optimizer: lars({ variant: "moco-v3" }), rules: [] }), [biases]);
  assertEquals(packedNames({ clipGradientNorm: 1, clipGradientPer: "parameter" }), []);
  assertEquals(packedNames({ frozen: new Set(["layers.0.bias"]) })[1], biases.slice(1));
  const constraints = new Map([["layers.1.bias", (updated: Value) => mul(updated, 0.5)]]);
  assertEquals(packedNames({ constraints })[1], biases.filter((name) => name !== "layers.1.bias"));
});

Deno.test("Buffers are packed by element type, and taken over in one copy", async () => {
  const buffers = [
    input("mean", "float32", [3]),
    input("count", "int64", []),
    input("variance", "float32", [2]),
    input("total", "int64", []),
  ];
  const update = build({ buffers });
  assertEquals(
    update.packs.filter(({ name }) => name.startsWith("buffers")).map(({ dtype, members }) => [
      dtype,
      members.map(({ name }) => name),
    ]),
    [["float32", ["mean", "variance"]], ["int64", ["count", "total"]]],
  );
  const initial = {
    ...Object.fromEntries(LAYERS.map((value) => [nameOf(value), zerosOf(value)])),
    mean: float32([3], [1, 2, 3]),
    variance: float32([2], [4, 5]),
    count: int64([], [6]),
    total: int64([], [7]),
    "written.mean": float32([3], [10, 20, 30]),
    "written.variance": float32([2], [40, 50]),
    "written.count": int64([], [60]),
    "written.total": int64([], [70]),
  };
  using run = await UpdateRun.create(update, initial);
  await run.step({}, { learning_rate: 0, weight_decay: 0 });
  assertEquals([...run.read("variance").data], [40, 50]);
  assertEquals([...run.read("mean").data], [10, 20, 30]);
  assertEquals([...run.read("total").data], [70n]);
});

Deno.test("What lies between packed tensors is zero, and stays out of the gradient's norm", async () => {
  const initial = Object.fromEntries(
    LAYERS.map((value) => [nameOf(value), onesOf(value)]),
  );
  const update = build();
  using run = await UpdateRun.create(update, initial);
  const elements = LAYERS.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0);
  for (let step = 0; step < 2; step++) {
    await run.step(initial, { learning_rate: 0.5, weight_decay: 0.1 });
    const [norm] = run.read("gradient_norm").data;
    assert(Math.abs(Number(norm) - Math.sqrt(elements)) < 1e-4);
  }
});

Deno.test("PackedTensors gives every tensor memory of its own within a vector", () => {
  const pack = packTensors("pack", 100, [
    { name: "a", type: { dtype: "float32", shape: [70] } },
    { name: "b", type: { dtype: "float32", shape: [2] } },
  ]);
  using owner = new DisposableStack();
  const packed = new PackedTensors([pack], CPU, owner);
  packed.put("b", float32([2], [5, 6]));
  const alone = packed.put("c", float32([1], [7]));
  const pieces = [...packed.pieces].map((
    [name, { data }],
  ) => [name, data.length, data[28], data[29]]);
  assertEquals(pieces, [["pack.0", 100, 0, 0], ["pack.1", 92, 5, 6]]);
  assertEquals([...alone.data], [7]);
});

Deno.test("Devices whose memory has no addresses have no packs", () => {
  assertEquals([pieceLengthFor("webgpu"), pieceLengthFor(undefined)], [0, 0]);
  assert(pieceLengthFor("cuda") > pieceLengthFor("cpu"));
});

function nameOf({ source }: Value): string {
  return source.kind === "input" ? source.name : "";
}

function filledWith(value: number) {
  return ({ shape }: Value) =>
    float32(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value));
}
const zerosOf = filledWith(0);
const onesOf = filledWith(1);
