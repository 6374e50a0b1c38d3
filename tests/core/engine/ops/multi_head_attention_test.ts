import { assert, assertThrows } from "@std/assert";
import { gradients } from "../../../../core/engine/autodiff/gradients.ts";
import { input, type Value } from "../../../../core/engine/graph/value.ts";
import * as op from "../../../../core/engine/ops/mod.ts";
import { runGraph } from "../../../run_graph.ts";
import { hashedTensor } from "../nn/hashed_values.ts";
import { relativeError } from "../nn/relative_error.ts";

const HEADS = 3;

/** The same by operators that are compared with PyTorch's. */
function byParts(q: Value, k: Value, v: Value): Value {
  const [queries, keys, values] = [q, k, v].map((x) => {
    const [batch, length, width] = x.shape as [number, number, number];
    const heads = op.reshape(x, [batch, length, HEADS, width / HEADS]);
    return op.transpose(heads, [0, 2, 1, 3]);
  });
  const y = op.scaledDotProductAttention(queries!, keys!, values!);
  return op.reshape(op.transpose(y, [0, 2, 1, 3]), q.shape);
}

Deno.test("multiHeadAttention() and its gradients are those of attention head by head", async () => {
  const shapes = { q: [2, 5, 12], k: [2, 7, 12], v: [2, 7, 12] };
  const [q, k, v] = Object.entries(shapes).map(([name, shape]) => input(name, "float32", shape));
  const seed = input("seed", "float32", [2, 5, 12]);
  const outputs: Record<string, Value> = {};
  const ways = {
    fused: op.multiHeadAttention(q!, k!, v!, { heads: HEADS }),
    parts: byParts(q!, k!, v!),
  };
  for (const [way, y] of Object.entries(ways)) {
    outputs[`${way}/y`] = y;
    gradients(op.reduceSum(op.mul(y, seed)), [q!, k!, v!]).forEach((gradient, i) => {
      outputs[`${way}/${"qkv"[i]}`] = gradient!;
    });
  }
  const feeds = Object.fromEntries(
    Object.entries({ ...shapes, seed: seed.shape }).map((
      [name, shape],
    ) => [name, hashedTensor(name, shape, 2)]),
  );
  const results = await runGraph(outputs, feeds);
  for (const name of ["y", "q", "k", "v"]) {
    const error = relativeError(results[`fused/${name}`]!.data, results[`parts/${name}`]!.data);
    assert(error < 1e-6, `${name} differs by ${error} of its norm`);
  }
});

Deno.test("multiHeadAttention() refuses shapes that do not fit", () => {
  const value = (
    name: string,
    shape: readonly number[],
    dtype: "float32" | "float16" = "float32",
  ) => input(name, dtype, shape);
  const attend = (q: Value, k: Value, v: Value, heads = 2) => () =>
    op.multiHeadAttention(q, k, v, { heads });
  const q = value("q", [2, 5, 8]);
  const k = value("k", [2, 7, 8]);
  assertThrows(attend(q, k, k, 3), RangeError, "heads must divide the width 8, found 3");
  assertThrows(attend(q, k, q), RangeError, "k and v one shape");
  const wide = value("k", [2, 7, 16]);
  assertThrows(attend(q, wide, wide), RangeError, "the same first and last axis");
  assertThrows(attend(q, k, value("v", [2, 7, 8], "float16")), TypeError, "types must match");
});
