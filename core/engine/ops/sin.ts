import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";
import { cos } from "./cos.ts";
import { mul } from "./mul.ts";

const Sin = defineOp({
  type: "Sin",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferUnary,
  // d sin(x) = cos(x) dx
  gradient: ({ x, dy }) => ({ x: mul(dy, cos(x)) }),
});

/** Sine of each element. */
export function sin(x: Value): Value {
  return Sin({ x }, {}).y;
}
