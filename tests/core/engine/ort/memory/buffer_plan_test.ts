import { assertEquals } from "@std/assert";
import { input, type Value } from "../../../../../core/engine/graph/value.ts";
import { encodeModel, traceModel } from "../../../../../core/engine/onnx/mod.ts";
import { mergeEqualNodes } from "../../../../../core/engine/ort/memory/merge_equal_nodes.ts";
import { planBuffers } from "../../../../../core/engine/ort/memory/buffer_plan.ts";
import { arenaBytes } from "../../../../../core/engine/ort/memory/arena_bytes.ts";
import { add } from "../../../../../core/engine/ops/add.ts";
import { exp } from "../../../../../core/engine/ops/exp.ts";
import { matMul } from "../../../../../core/engine/ops/mat_mul.ts";
import { reduceSum } from "../../../../../core/engine/ops/reduce_sum.ts";
import { reshape } from "../../../../../core/engine/ops/reshape.ts";
import { transpose } from "../../../../../core/engine/ops/transpose.ts";

const x = input("x", "float32", [8, 16]);
const BYTES = 8 * 16 * 4;

function traceOf(outputs: Record<string, Value>) {
  return traceModel(encodeModel({ outputs, typed: true }));
}

function sizesOf(outputs: Record<string, Value>): number[] {
  return planBuffers(traceOf(outputs)).map(({ bytes }) => bytes);
}

Deno.test("planBuffers() writes results over what nothing reads any more, and reshapes in place", () => {
  const chain = reshape(exp(exp(add(x, 1))), [128]);
  assertEquals(sizesOf({ sum: reduceSum(chain) }), [BYTES]);
});

Deno.test("planBuffers() keeps what is read later, and never writes over what was fed", () => {
  const first = exp(x);
  assertEquals(sizesOf({ sum: reduceSum(add(exp(first), first)) }), [BYTES, BYTES]);
  assertEquals(sizesOf({ y: transpose(exp(x), [1, 0]) }), [BYTES]);
});

Deno.test("planBuffers() gives a buffer of the same shape to another value once it is free", () => {
  const turned = matMul(transpose(exp(x), [1, 0]), x);
  const square = matMul(turned, turned);
  assertEquals(sizesOf({ sum: reduceSum(matMul(square, square)) }), [BYTES, BYTES, 1024, 1024]);
});

Deno.test("mergeEqualNodes() keeps one of equal nodes, and what is fetched under a second name", () => {
  const [once, again] = [exp(x), exp(x)];
  const other = transpose(once, [1, 0]);
  const merged = mergeEqualNodes(traceOf({ sum: reduceSum(add(once, again)), other }));
  assertEquals(merged.nodes.map(({ type }) => type).sort(), [
    "Add",
    "Exp",
    "ReduceSum",
    "Transpose",
  ]);
  const twice = mergeEqualNodes(
    traceOf({ a: transpose(x, [1, 0]), b: transpose(x, [1, 0]), c: transpose(x, [0, 1]) }),
  );
  assertEquals(twice.nodes.length, 3);
});

Deno.test("arenaBytes() is the largest need of models that run in turn", () => {
  const small = traceOf({ sum: reduceSum(transpose(x, [1, 0])) });
  const large = traceOf({ sum: reduceSum(transpose(input("y", "float32", [64, 64]), [1, 0])) });
  assertEquals(arenaBytes([small]), BYTES);
  assertEquals(arenaBytes([large, small]), 64 * 64 * 4);
  assertEquals(arenaBytes([large, small]), arenaBytes([large]));
});
