import { defineOp } from "../graph/op.ts";
import { currentTarget } from "../graph/target.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";
import { cast } from "./cast.ts";
import { greater } from "./greater.ts";
import { less } from "./less.ts";
import { sub } from "./sub.ts";

const Sign = defineOp({
  type: "Sign",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  infer: inferUnary,
  // Zero almost everywhere.
  gradient: () => ({}),
});

/** Sign of each element: -1, 0 or 1. It is constant almost everywhere, so that no gradient flows through it. */
export function sign(x: Value): Value {
  if (currentTarget().provider !== "webgpu") return Sign({ x }, {}).y;
  // WebGPU has no Sign. The same differs for NaN alone, which becomes 0.
  return sub(cast(greater(x, 0), x.dtype), cast(less(x, 0), x.dtype));
}
