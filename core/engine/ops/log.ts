import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";
import { div } from "./div.ts";

const Log = defineOp({
  type: "Log",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferUnary,
  // d log(x) = dx / x
  gradient: ({ x, dy }) => ({ x: div(dy, x) }),
});

/** Natural logarithm of each element. */
export function log(x: Value): Value {
  return Log({ x }, {}).y;
}
