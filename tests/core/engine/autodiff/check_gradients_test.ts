import { assert, assertRejects } from "@std/assert";
import { checkGradients } from "../../../../core/engine/autodiff/check_gradients.ts";
import { defineOp } from "../../../../core/engine/graph/op.ts";
import { float32, int64, tensor } from "../../../../core/engine/graph/tensor.ts";
import type { Value } from "../../../../core/engine/graph/value.ts";
import * as op from "../../../../core/engine/ops/mod.ts";
import { runGraph } from "../../../run_graph.ts";

const evaluate = runGraph;
const x = tensor("float64", [3], Float64Array.of(-1, 0.5, 2));

/** The sine, with what it is told for a gradient. */
function sineWithGradient(slope: (x: Value) => Value): (x: Value) => Value {
  const Sine = defineOp({
    type: "Sin",
    inputs: ["x"],
    outputs: ["y"],
    infer: ({ x }) => ({ y: x }),
    gradient: ({ x, dy }) => ({ x: op.mul(dy, slope(x)) }),
  });
  return (x) => Sine({ x }, {}).y;
}

Deno.test("checkGradients() gives the error of a gradient that is right", async () => {
  const error = await checkGradients(({ x }) => op.sin(x!), { x }, { evaluate });
  assert(error > 0 && error < 1e-8, `found ${error}`);
});

Deno.test("checkGradients() rejects a gradient that is wrong in one element", async () => {
  const wrong = sineWithGradient((x) =>
    op.add(op.cos(x), op.mul(op.cast(op.greater(x, 1), x.dtype), 1e-5))
  );
  await assertRejects(
    () => checkGradients(({ x }) => wrong(x!), { x }, { evaluate }),
    Error,
    'Cannot confirm the gradient along element 2 of "x"',
  );
});

Deno.test("checkGradients() rejects a gradient that is missing", async () => {
  await assertRejects(
    () => checkGradients(({ x }) => op.sin(op.stopGradient(x!)), { x }, { evaluate }),
    Error,
    'Cannot confirm the gradient along element 0 of "x": it is 0,',
  );
});

Deno.test("checkGradients() rejects a gradient that is wrong in a large tensor", async () => {
  const wrong = sineWithGradient((x) => op.mul(op.cos(x), 1.001));
  const large = tensor("float64", [40], Float64Array.from({ length: 40 }, (_, i) => i / 10));
  await assertRejects(
    () => checkGradients(({ x }) => wrong(x!), { x: large }, { evaluate }),
    Error,
    "Cannot confirm the gradient along random direction 0",
  );
});

Deno.test("checkGradients() leaves integers where they are", async () => {
  const indices = int64([2], [2, 0]);
  await checkGradients(({ x, i }) => op.gather(x!, i!), { x, i: indices }, { evaluate });
});

Deno.test("checkGradients() takes longer steps and a looser tolerance in float32", async () => {
  const x = float32([3], [-1, 0.5, 2]);
  await checkGradients(({ x }) => op.sin(x!), { x }, { evaluate });
  await assertRejects(() =>
    checkGradients(({ x }) => op.sin(x!), { x }, { evaluate, tolerance: 1e-9 })
  );
  await assertRejects(() => checkGradients(({ x }) => op.sin(x!), { x }, { evaluate, step: 1e-6 }));
});

Deno.test("checkGradients() rejects a function that gives integers", async () => {
  await assertRejects(
    () => checkGradients(({ x }) => op.argMax(x!), { x }, { evaluate }),
    TypeError,
    "Cannot check gradients of a int64[]: the function must give a float",
  );
});
