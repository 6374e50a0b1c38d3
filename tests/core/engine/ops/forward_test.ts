import { assertEquals } from "@std/assert";
import { gradients } from "../../../../core/engine/autodiff/gradients.ts";
import {
  filled,
  float32,
  int64,
  type Tensor,
  tensor,
} from "../../../../core/engine/graph/tensor.ts";
import { constant, input, type Value } from "../../../../core/engine/graph/value.ts";
import * as op from "../../../../core/engine/ops/mod.ts";
import { runGraph } from "../../../run_graph.ts";

/** Runs an operator on constants, and gives what it makes as numbers. */
async function numbers(y: Value): Promise<number[]> {
  const { result } = await runGraph({ result: y }, {});
  return Array.from(result!.data as Float32Array, Number);
}

function vector(...values: readonly number[]): Value {
  return constant(float32([values.length], values));
}

function booleans(...values: readonly number[]): Value {
  return constant(tensor("bool", [values.length], Uint8Array.from(values)));
}

const MATRIX = constant(float32([2, 3], [3, 1, 2, 5, 6, 4]));

/** Operators that have no gradient, by what they make of a few numbers. */
const CASES: Readonly<Record<string, readonly [Value, readonly number[]]>> = {
  "equal": [op.equal(vector(1, 2, 3), 2), [0, 1, 0]],
  "equal of booleans": [op.equal(booleans(1, 1, 0), booleans(0, 1, 0)), [0, 1, 1]],
  "less": [op.less(vector(1, 2, 3), 2), [1, 0, 0]],
  "lessOrEqual": [op.lessOrEqual(vector(1, 2, 3), 2), [1, 1, 0]],
  "greater": [op.greater(2, vector(1, 2, 3)), [1, 0, 0]],
  "greaterOrEqual": [op.greaterOrEqual(vector(1, 2, 3), vector(3, 2, 1)), [0, 1, 1]],
  "and": [op.and(booleans(0, 0, 1, 1), booleans(0, 1, 0, 1)), [0, 0, 0, 1]],
  "or": [op.or(booleans(0, 0, 1, 1), booleans(0, 1, 0, 1)), [0, 1, 1, 1]],
  "not": [op.not(booleans(0, 1)), [1, 0]],
  "sign": [op.sign(vector(-2, 0, 3)), [-1, 0, 1]],
  "floor": [op.floor(vector(-1.5, 0.5, 2)), [-2, 0, 2]],
  "round, halves to even": [op.round(vector(-1.5, 0.5, 1.5, 2.4)), [-2, 0, 2, 2]],
  "cast of a bfloat16": [op.cast(constant(filled("bfloat16", [2], -2.5)), "float32"), [-2.5, -2.5]],
  "cast to int64": [op.cast(vector(-1.5, 2.5), "int64"), [-1, 2]],
  "cast to bool": [op.cast(vector(0, -2), "bool"), [0, 1]],
  "cast of a boolean": [op.cast(booleans(1, 0), "float32"), [1, 0]],
  "argMax": [op.argMax(MATRIX), [0, 1]],
  "argMax of columns": [op.argMax(MATRIX, { axis: 0, keepDims: true }), [1, 1, 1]],
  "topK values": [op.topK(MATRIX, 2).values, [3, 2, 6, 5]],
  "topK indices": [op.topK(MATRIX, 2).indices, [0, 2, 1, 0]],
  "topK of the smallest": [op.topK(MATRIX, 1, { axis: 0, largest: false }).values, [3, 1, 2]],
  "oneHot": [op.oneHot(constant(int64([3], [1, 0, 7])), 2), [0, 1, 1, 0, 0, 0]],
  "pad by reflection": [op.pad(vector(1, 2, 3), [2, 1], { mode: "reflect" }), [3, 2, 1, 2, 3, 2]],
  "pad with the edge": [op.pad(vector(1, 2, 3), [2, 1], { mode: "edge" }), [1, 1, 1, 2, 3, 3]],
  "reduceSum of integers": [op.reduceSum(constant(int64([2, 2], [1, 2, 3, 4])), { axes: [0] }), [
    4,
    6,
  ]],
  "softplus of large numbers": [op.softplus(vector(-200, 200)), [0, 200]],
  "logSumExp of large numbers": [op.logSumExp(vector(1000, -1000)), [1000]],
  "step at infinity": [op.relu(vector(-Infinity, Infinity)), [0, Infinity]],
};

for (const [name, [y, expected]] of Object.entries(CASES)) {
  Deno.test(`${name} has the value it should have`, async () => {
    assertEquals(await numbers(y), [...expected]);
  });
}

Deno.test("dropout() keeps elements whose number is at least the rate, and the expectation", async () => {
  const x = input("x", "float32", [2, 3]);
  const uniform = input("uniform", "float32", [2, 1]);
  const feeds: Record<string, Tensor> = {
    x: float32([2, 3], [1, 2, 3, 4, 5, 6]),
    uniform: float32([2, 1], [0.2, 0.19]),
  };
  const { y } = await runGraph({ y: op.dropout(x, uniform, 0.2) }, feeds);
  assertEquals([...y!.data], [...float32([6], [1.25, 2.5, 3.75, 0, 0, 0]).data]);
});

Deno.test("pow() has PyTorch's infinite gradients at a base of zero", async () => {
  const [a, b] = [input("a", "float32", [3]), input("b", "float32", [3])];
  const [da, db] = gradients(op.reduceSum(op.pow(a, b)), [a, b]);
  const feeds = { a: float32([3], [0, 0, 0]), b: float32([3], [-1, 0.5, 0]) };
  const results = await runGraph({ da: da!, db: db! }, feeds);
  assertEquals([...results.da!.data], [-Infinity, Infinity, 0]);
  assertEquals([...results.db!.data], [-Infinity, 0, 0]);
});

Deno.test("gather() adds up the gradients of rows that are read thousands of times", async () => {
  const [rows, columns, count] = [7, 16, 20_000];
  const indices = Array.from({ length: count }, (_, i) => (i * i + 3 * i) % rows);
  const x = input("x", "float32", [rows, columns]);
  const picked = op.gather(x, constant(int64([count], indices)));
  const [dx] = gradients(op.reduceSum(picked), [x]);
  const { result } = await runGraph({ result: dx! }, {});
  const counts = new Array<number>(rows).fill(0);
  for (const index of indices) counts[index]!++;
  assertEquals([...result!.data], counts.flatMap((n) => new Array<number>(columns).fill(n)));
});

Deno.test("operators that change nothing give the value itself", () => {
  const x = input("x", "float32", [2, 1, 3]);
  for (
    const same of [
      op.reshape(x, [2, -1, 3]),
      op.transpose(x, [0, 1, 2]),
      op.expand(x, [2, 1, 3]),
      op.concat([x], { axis: 0 }),
      op.slice(x, { starts: [0], ends: [3], axes: [-1] }),
      op.pad(x, [0, 0, 0, 0, 0, 0]),
      op.cast(x, "float32"),
      op.pow(x, 1),
      op.dropout(x, x, 0),
      op.reduceSum(x, { axes: [1], keepDims: true }),
      op.reduceMax(x, { axes: [] }),
    ]
  ) assertEquals(same === x, true);
});

Deno.test("concat() of all parts of a tensor in order is the tensor, and of others a new one", () => {
  const parts = op.split(MATRIX, [1, 2], { axis: 1 });
  assertEquals(op.concat(parts, { axis: 1 }) === MATRIX, true);
  for (const others of [parts.slice(1), parts.toReversed(), [parts[0]!, parts[0]!]]) {
    assertEquals(op.concat(others, { axis: 1 }) === MATRIX, false);
  }
  const rows = op.split(MATRIX, [1, 1], { axis: 0 });
  assertEquals(op.concat(rows, { axis: 1 }).shape, [1, 6]);
});
