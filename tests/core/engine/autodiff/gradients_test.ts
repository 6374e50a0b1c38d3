import { assertEquals, assertThrows } from "@std/assert";
import { gradients } from "../../../../core/engine/autodiff/gradients.ts";
import { withinLayer } from "../../../../core/engine/graph/layer_path.ts";
import { defineOp } from "../../../../core/engine/graph/op.ts";
import { printGraph } from "../../../../core/engine/graph/print_graph.ts";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { constant, input, type Value } from "../../../../core/engine/graph/value.ts";
import * as op from "../../../../core/engine/ops/mod.ts";
import { runGraph } from "../../../run_graph.ts";

/** The backward graph of a function of one tensor, as text. */
function backward(x: Value, build: (x: Value) => Value): string {
  const y = build(x);
  const [dx] = gradients(y, [x], { seed: input("dy", y.dtype, y.shape) });
  return printGraph([dx!]);
}

Deno.test("gradients() of tanh(x * x) read the tanh and no exponential", () => {
  assertEquals(
    backward(input("x", "float32", [2, 4]), (x) => op.tanh(op.mul(x, x))),
    `\
v0:float32[2,4] = Mul(x, x)
v1:float32[2,4] = Tanh(v0)
v2:float32[2,4] = Mul(v1, v1)
v3:float32[2,4] = Mul(dy, v2)
v4:float32[2,4] = Sub(dy, v3)
v5:float32[2,4] = Mul(v4, x)
v6:float32[2,4] = Mul(v4, x)
v7:float32[2,4] = Add(v5, v6)`,
  );
});

Deno.test("gradients() of a softmax take one sum", () => {
  assertEquals(
    backward(input("x", "float32", [2, 4]), (x) => op.softmax(x)),
    `\
v0:float32[2,4] = Softmax(x) {axis: 1}
v1:float32[2,4] = Mul(dy, v0)
v2:float32[2,1] = ReduceSum(v1) {axes: [1], keepDims: true}
v3:float32[2,4] = Sub(dy, v2)
v4:float32[2,4] = Mul(v0, v3)`,
  );
});

Deno.test("gradients() of a layer normalisation take two means and reuse the statistics", () => {
  assertEquals(
    backward(input("x", "float32", [3, 4]), (x) => op.layerNormalization(x)),
    `\
v0:float32[3,4], v1:float32[3,1], v2:float32[3,1] = LayerNormalization(x) {axis: 1, epsilon: 0.00001}
v3:float32[3,4] = Sub(x, v1)
v4:float32[3,4] = Mul(v3, v2)
v5:float32[3,1] = ReduceMean(dy) {axes: [1], keepDims: true}
v6:float32[3,4] = Mul(dy, v4)
v7:float32[3,1] = ReduceMean(v6) {axes: [1], keepDims: true}
v8:float32[3,4] = Sub(dy, v5)
v9:float32[3,4] = Mul(v4, v7)
v10:float32[3,4] = Sub(v8, v9)
v11:float32[3,4] = Mul(v10, v2)`,
  );
});

Deno.test("gradients() of a product by a shared matrix are one product over all rows", () => {
  const x = input("x", "float32", [2, 3, 4]);
  const w = input("w", "float32", [5, 4]);
  const y = op.matMul(x, w, { transposeB: true });
  const [dw] = gradients(y, [w], { seed: input("dy", y.dtype, y.shape) });
  assertEquals(
    printGraph([dw!]),
    `\
v0:float32[6,4] = Reshape(x) {shape: [6,4]}
v1:float32[6,5] = Reshape(dy) {shape: [6,5]}
v2:float32[5,4] = FusedMatMul(v1, v0) {transposeA: true, transposeB: false, alpha: 1}`,
  );
});

Deno.test("gradients() of a scalar loss start from one", async () => {
  const x = input("x", "float32", [3]);
  const loss = op.reduceSum(op.mul(x, op.mul(x, x)));
  const [dx] = gradients(loss, [x]);
  const results = await runGraph({ dx: dx! }, { x: float32([3], [1, -2, 3]) });
  assertEquals([...results.dx!.data], [3, 12, 27]);
});

Deno.test("gradients() add up over all paths and sum over stretched axes", async () => {
  const a = input("a", "float32", [2, 3]);
  const b = input("b", "float32", [3]);
  const loss = op.reduceSum(op.add(op.mul(a, b), op.mul(b, 2)));
  const [da, db] = gradients(loss, [a, b]);
  const feeds = { a: float32([2, 3], [1, 2, 3, 4, 5, 6]), b: float32([3], [7, 8, 9]) };
  const results = await runGraph({ da: da!, db: db! }, feeds);
  assertEquals([...results.da!.data], [7, 8, 9, 7, 8, 9]);
  assertEquals([...results.db!.data], [9, 11, 13]);
});

Deno.test("gradients() can be taken by a value in the middle of a graph", async () => {
  const x = input("x", "float32", [2]);
  const middle = op.mul(x, 3);
  const loss = op.reduceSum(op.mul(middle, middle));
  const [byMiddle, byX] = gradients(loss, [middle, x]);
  const results = await runGraph({ byMiddle: byMiddle!, byX: byX! }, { x: float32([2], [1, 2]) });
  assertEquals([...results.byMiddle!.data], [6, 12]);
  assertEquals([...results.byX!.data], [18, 36]);
});

Deno.test("gradients() of a gradient are second derivatives", async () => {
  const x = input("x", "float32", [2]);
  const [first] = gradients(op.reduceSum(op.mul(x, op.mul(x, x))), [x]);
  const [second] = gradients(op.reduceSum(first!), [x]);
  const results = await runGraph({ second: second! }, { x: float32([2], [1, 2]) });
  assertEquals([...results.second!.data], [6, 12]);
});

Deno.test("gradients() of the loss by itself are one, or the seed", () => {
  const loss = input("loss", "float32", []);
  const seed = constant(float32([], [4]));
  const [one] = gradients(loss, [loss]);
  assertEquals(one!.source.kind === "constant" && [...one!.source.tensor.data], [1]);
  assertEquals(gradients(loss, [loss], { seed }), [seed]);
});

Deno.test("gradients() are undefined where nothing flows", () => {
  const x = input("x", "float32", [2]);
  const other = input("other", "float32", [2]);
  const integers = input("integers", "int64", [2]);
  const stopped = op.mul(op.stopGradient(x), 2);
  assertEquals(gradients(op.reduceSum(stopped), [x, other]), [undefined, undefined]);
  const compared = op.where(op.greater(x, 0), other, 0);
  assertEquals(gradients(op.reduceSum(compared), [x])[0], undefined);
  const picked = op.gather(x, integers);
  assertEquals(gradients(op.reduceSum(picked), [integers])[0], undefined);
  assertEquals(gradients(op.reduceSum(op.floor(x)), [x])[0], undefined);
});

Deno.test("gradients() stop at stopGradient() but flow around it", async () => {
  const x = input("x", "float32", [2]);
  const [dx] = gradients(op.reduceSum(op.mul(x, op.stopGradient(x))), [x]);
  const results = await runGraph({ dx: dx! }, { x: float32([2], [3, 5]) });
  assertEquals([...results.dx!.data], [3, 5]);
});

Deno.test("gradients() reject a loss that is not a scalar float", () => {
  const x = input("x", "float32", [2]);
  assertThrows(
    () => gradients(op.mul(x, x), [x]),
    RangeError,
    "Cannot differentiate a float32[2] without a seed: the loss must be a scalar",
  );
  assertThrows(
    () => gradients(op.argMax(x), [x]),
    TypeError,
    "Cannot differentiate a int64[]: the loss must be a float",
  );
});

Deno.test("gradients() reject a seed of another type than the loss", () => {
  const x = input("x", "float32", [2, 3]);
  const wrong = [
    input("seed", "float32", [3]),
    input("seed", "float32", [4, 2, 3]),
    input("seed", "float64", [2, 3]),
  ];
  for (const seed of wrong) {
    assertThrows(
      () => gradients(op.neg(x), [x], { seed }),
      TypeError,
      `Cannot differentiate a float32[2,3]: the seed must be of its type, found ${seed.dtype}[`,
    );
  }
});

Deno.test("gradients() name the operator and the layer that have none", () => {
  const x = input("x", "float32", [4]);
  const { values } = withinLayer("head.pool", () => op.topK(x, 2));
  assertThrows(
    () => gradients(op.reduceSum(values), [x]),
    TypeError,
    'Cannot differentiate through TopK in layer "head.pool": it has no gradient',
  );
});

Deno.test("gradients() reject a path through a second output", () => {
  const twice = defineOp({
    type: "Twice",
    inputs: ["x"],
    outputs: ["y", "z"],
    infer: ({ x }) => ({ y: x, z: x }),
    gradient: ({ dy }) => ({ x: dy }),
  });
  const x = input("x", "float32", []);
  assertThrows(
    () => gradients(twice({ x }, {}).z, [x]),
    TypeError,
    "Cannot differentiate through Twice: only its first output has a gradient",
  );
});

Deno.test("gradients() check the type that a rule gives", () => {
  const wrong = defineOp({
    type: "Wrong",
    inputs: ["x"],
    outputs: ["y"],
    infer: ({ x }) => ({ y: x }),
    gradient: ({ dy }) => ({ x: op.cast(dy, "float64") }),
  });
  const x = input("x", "float32", []);
  assertThrows(
    () => gradients(wrong({ x }, {}).y, [x]),
    Error,
    'Internal: the gradient of Wrong by "x" is float64[], but "x" is float32[]',
  );
});
