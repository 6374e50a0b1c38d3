import { assertEquals } from "@std/assert";
import { printGraph } from "../../../../core/engine/graph/print_graph.ts";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { constant, input } from "../../../../core/engine/graph/value.ts";
import * as op from "../../../../core/engine/ops/mod.ts";

Deno.test("printGraph() writes a node a line, with types, attributes and constants", () => {
  const x = input("x", "float32", [2, 3]);
  const shifted = op.add(op.mul(x, 0.5), constant(float32([3], [1, 2, 3])));
  assertEquals(
    printGraph([op.reduceMax(shifted, { axes: [-1] })]),
    `\
v0:float32[2,3] = Mul(x, 0.5)
v1:float32[2,3] = Add(v0, constant:float32[3])
v2:float32[2] = ReduceMax(v1) {axes: [1], keepDims: false}`,
  );
});

Deno.test("printGraph() writes every output of a node", () => {
  const { indices } = op.topK(input("x", "float32", [4]), 2);
  assertEquals(
    printGraph([indices]),
    "v0:float32[2], v1:int64[2] = TopK(x) {k: 2, axis: 0, largest: true}",
  );
});

Deno.test("printGraph() keeps composites whole, or opens them", () => {
  const y = op.silu(input("x", "float32", [2]));
  assertEquals(printGraph([y]), "v0:float32[2], v1:float32[2] = Silu(x)");
  assertEquals(
    printGraph([y], { expanded: true }),
    "v0:float32[2] = Sigmoid(x)\nv1:float32[2] = Mul(x, v0)",
  );
});
