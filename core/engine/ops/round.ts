import { defineOp } from "../graph/op.ts";
import { currentTarget } from "../graph/target.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";
import { add } from "./add.ts";
import { and } from "./and.ts";
import { cast } from "./cast.ts";
import { equal } from "./equal.ts";
import { floor } from "./floor.ts";
import { greater } from "./greater.ts";
import { mul } from "./mul.ts";
import { or } from "./or.ts";
import { stopGradient } from "./stop_gradient.ts";
import { sub } from "./sub.ts";

const Round = defineOp({
  type: "Round",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferUnary,
  // Zero almost everywhere.
  gradient: () => ({}),
});

/** The same of what every provider has: WebGPU has no Round. */
function roundByFloor(x: Value): Value {
  const below = floor(stopGradient(x));
  const rest = sub(stopGradient(x), below);
  const odd = sub(below, mul(floor(mul(below, 0.5)), 2));
  const up = or(greater(rest, 0.5), and(equal(rest, 0.5), equal(odd, 1)));
  return add(below, cast(up, x.dtype));
}

/** The nearest integer to each element, halves to the even one. No gradient flows through it. */
export function round(x: Value): Value {
  return currentTarget().provider === "webgpu" ? roundByFloor(x) : Round({ x }, {}).y;
}
