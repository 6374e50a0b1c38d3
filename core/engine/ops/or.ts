import { defineOp } from "../graph/op.ts";
import { currentTarget } from "../graph/target.ts";
import type { Value } from "../graph/value.ts";
import { inferLogical } from "./_elementwise.ts";
import { and } from "./and.ts";
import { not } from "./not.ts";

const Or = defineOp({
  type: "Or",
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: inferLogical,
  gradient: "none",
});

/** Whether at least one of two booleans is true, with broadcasting. */
export function or(a: Value, b: Value): Value {
  // WebGPU has no Or.
  if (currentTarget().provider === "webgpu") return not(and(not(a), not(b)));
  return Or({ a, b }, {}).y;
}
