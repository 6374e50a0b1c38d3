import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";
import { div } from "./div.ts";
import { mul } from "./mul.ts";

const Sqrt = defineOp({
  type: "Sqrt",
  inputs: ["x"],
  outputs: ["y"],
  elementWise: true,
  infer: inferUnary,
  // d sqrt(x) = dx / (2 sqrt(x))
  gradient: ({ y, dy }) => ({ x: div(mul(dy, 0.5), y) }),
});

/** Square root of each element; its gradient at zero is infinite. */
export function sqrt(x: Value): Value {
  return Sqrt({ x }, {}).y;
}
