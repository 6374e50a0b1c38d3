import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  fromBinary,
  type ModelProto,
  ModelProtoSchema,
  TensorProto_DataLocation,
} from "../../../../core/deps/protobuf.ts";
import { withinLayer } from "../../../../core/engine/graph/layer_path.ts";
import { defineOp } from "../../../../core/engine/graph/op.ts";
import {
  bytesOf,
  filled,
  float32,
  type Tensor,
  tensor,
  zeros,
} from "../../../../core/engine/graph/tensor.ts";
import { constant, input, type Value } from "../../../../core/engine/graph/value.ts";
import { encodeModel, type ModelDescription } from "../../../../core/engine/onnx/mod.ts";
import * as op from "../../../../core/engine/ops/mod.ts";
import { OrtError, Session } from "../../../../core/engine/ort/mod.ts";

function decode(description: ModelDescription): ModelProto {
  return fromBinary(ModelProtoSchema, encodeModel(description));
}

function graphOf(outputs: Readonly<Record<string, Value>>): NonNullable<ModelProto["graph"]> {
  return decode({ outputs }).graph!;
}

async function run(
  description: ModelDescription,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, number[]>> {
  using session = await Session.create(encodeModel(description));
  const results = await session.run(feeds);
  return Object.fromEntries(
    Object.entries(results).map((
      [name, { data }],
    ) => [name, Array.from(data as Float32Array, Number)]),
  );
}

const x = input("x", "float32", [2]);
const feeds = { x: float32([2], [1, 2]) };

Deno.test("encodeModel() names nodes after their layers, and inputs and outputs as they are", () => {
  const y = withinLayer("head.0", () => op.exp(op.neg(x)));
  const graph = graphOf({ loss: op.sqrt(y) });
  assertEquals(graph.node.map(({ name }) => name), ["head.0/Neg_0", "head.0/Exp_1", "loss"]);
  assertEquals(graph.input.map(({ name }) => name), ["x"]);
  assertEquals(graph.output.map(({ name }) => name), ["loss"]);
});

Deno.test("encodeModel() leaves out what leads to no output", () => {
  op.exp(x);
  const unused = input("unused", "float32", [3]);
  op.neg(unused);
  const graph = graphOf({ y: op.neg(x) });
  assertEquals(graph.node.map(({ opType }) => opType), ["Neg"]);
  assertEquals(graph.input.map(({ name }) => name), ["x"]);
});

Deno.test("encodeModel() declares the inputs that are listed, first and in their order", () => {
  const [a, b] = ["a", "b"].map((name) => input(name, "float32", [2]));
  const graph = decode({ outputs: { y: op.add(x, a!) }, inputs: [b!, a!] }).graph!;
  assertEquals(graph.input.map(({ name }) => name), ["b", "a", "x"]);
});

Deno.test("encodeModel() writes equal small constants once", () => {
  const y = op.add(op.mul(op.add(x, 2), 2), constant(float32([], [2])));
  assertEquals(graphOf({ y }).initializer.length, 1);
  const differing = op.add(op.add(x, 2), constant(float32([1], [2])));
  assertEquals(graphOf({ y: differing }).initializer.length, 2);
});

Deno.test("encodeModel() writes a large constant that is read twice once", () => {
  const wide = input("wide", "float32", [2000]);
  const table = constant(filled("float32", [2000], 3));
  assertEquals(graphOf({ y: op.mul(op.add(wide, table), table) }).initializer.length, 1);
});

Deno.test("encodeModel() gives one value under several names", async () => {
  const y = op.neg(x);
  const outputs = { first: y, second: y, third: op.stopGradient(y) };
  const expected = [-1, -2];
  assertEquals(await run({ outputs }, feeds), {
    first: expected,
    second: expected,
    third: expected,
  });
});

Deno.test("encodeModel() gives inputs and constants as outputs", async () => {
  const outputs = { same: x, fixed: constant(float32([1], [5])), stopped: op.stopGradient(x) };
  assertEquals(await run({ outputs }, feeds), { same: [1, 2], fixed: [5], stopped: [1, 2] });
});

Deno.test("encodeModel() gives a value of the middle of a graph as output too", async () => {
  const middle = op.neg(x);
  assertEquals(await run({ outputs: { y: op.exp(op.mul(middle, 0)), middle } }, feeds), {
    y: [1, 1],
    middle: [-1, -2],
  });
});

Deno.test("encodeModel() rejects names that clash", () => {
  assertThrows(
    () => graphOf({ y: op.add(x, input("x", "float32", [1])) }),
    TypeError,
    'Cannot encode the graph: two inputs are named "x", float32[2] and float32[1]',
  );
  assertThrows(
    () => graphOf({ x: op.neg(x) }),
    TypeError,
    'Cannot encode the graph: "x" names an input and an output',
  );
});

Deno.test("encodeModel() keeps outputs apart from the names that it makes up", async () => {
  const outputs = { Neg_0: op.exp(op.mul(op.neg(op.neg(x)), 0)), constant_0: op.add(x, 1) };
  assertEquals(await run({ outputs }, feeds), { Neg_0: [1, 1], constant_0: [2, 3] });
});

Deno.test("encodeModel() keeps inputs apart from the names that it makes up", async () => {
  const y = op.add(op.neg(op.neg(input("Neg_0", "float32", [2]))), 1);
  const z = op.add(y, input("constant_0", "float32", [2]));
  const given = { Neg_0: feeds.x, constant_0: feeds.x };
  assertEquals(await run({ outputs: { z } }, given), { z: [3, 5] });
});

Deno.test("encodeModel() fixes inputs that are given as initializers", async () => {
  const weight = input("layer.weight", "float32", [2]);
  const initializers = new Map([["layer.weight", float32([2], [10, 20])], ["other", feeds.x]]);
  const description = { outputs: { y: op.mul(x, weight) }, initializers };
  const graph = decode(description).graph!;
  assertEquals(graph.input.map(({ name }) => name), ["x"]);
  assertEquals(graph.initializer.map(({ name }) => name), ["layer.weight"]);
  assertEquals(await run(description, feeds), { y: [10, 40] });
});

Deno.test("encodeModel() rejects an initializer of another type", () => {
  const initializers = new Map([["x", zeros("float32", [3])]]);
  assertThrows(
    () => encodeModel({ outputs: { y: op.neg(x) }, initializers }),
    TypeError,
    'Cannot encode the graph: input "x" is float32[2], found an initializer float32[3]',
  );
});

Deno.test("encodeModel() leaves external tensors in their file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const bytes = new Uint8Array(20);
    bytes.set(bytesOf(float32([2], [7, 8])), 12);
    await Deno.writeFile(`${folder}/weights.bin`, bytes);
    const external = {
      dtype: "float32",
      shape: [2],
      location: "weights.bin",
      offset: 12,
      length: 8,
    } as const;
    const model = encodeModel({
      outputs: { y: op.neg(x) },
      initializers: new Map([["x", external]]),
    });
    const { initializer } = fromBinary(ModelProtoSchema, model).graph!;
    assertEquals(initializer[0]!.dataLocation, TensorProto_DataLocation.EXTERNAL);
    assertEquals(initializer[0]!.rawData.length, 0);
    await Deno.writeFile(`${folder}/model.onnx`, model);
    using session = await Session.create(`${folder}/model.onnx`);
    const { y } = await session.run({});
    assertEquals([...y!.data], [-7, -8]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("encodeModel() converts initializers of another floating-point type", async () => {
  const stored = tensor("float16", [2], Float16Array.of(0.5, 3));
  const initializers = new Map([["x", stored]]);
  const outputs = { y: op.neg(x) };
  const graph = decode({ outputs, initializers }).graph!;
  assertEquals(graph.input, []);
  assertEquals(graph.initializer.map(({ name }) => name), ["x_0"]);
  assertEquals(graph.node.map(({ opType, output }) => [opType, output[0]]), [
    ["Cast", "x"],
    ["Neg", "y"],
  ]);
  assertEquals(await run({ outputs, initializers }, {}), { y: [-0.5, -3] });
  assertThrows(
    () => encodeModel({ outputs, initializers: new Map([["x", zeros("int64", [2])]]) }),
    TypeError,
    'input "x" is float32[2], found an initializer int64[2]',
  );
});

Deno.test("encodeModel() leaves positions of optional inputs that are not given empty", () => {
  const pair = defineOp({
    type: "Clip",
    inputs: ["x"],
    optional: ["min", "max"],
    outputs: ["y"],
    infer: ({ x }) => ({ y: x }),
    gradient: "none",
  });
  const max = constant(float32([], [1]));
  assertEquals(graphOf({ y: pair({ x, max }, {}).y }).node[0]!.input, ["x", "", "constant_0"]);
  assertEquals(graphOf({ y: pair({ x }, {}).y }).node[0]!.input, ["x"]);
});

Deno.test("encodeModel() stores texts under their keys", () => {
  const model = decode({ outputs: { y: op.neg(x) }, metadata: { license: "Apache-2.0" } });
  assertEquals(model.metadataProps.map(({ key, value }) => [key, value]), [[
    "license",
    "Apache-2.0",
  ]]);
  assertEquals(model.producerName, "genview");
});

Deno.test("encodeModel() writes what ONNX Runtime refuses by name, if it is no operator", async () => {
  const unknown = defineOp({
    type: "NoSuchOperator",
    inputs: ["x"],
    outputs: ["y"],
    infer: ({ x }) => ({ y: x }),
    gradient: "none",
  });
  const model = encodeModel({ outputs: { y: unknown({ x }, {}).y } });
  const error = await assertRejects(() => Session.create(model), OrtError);
  assert(error.message.includes("NoSuchOperator"));
});
