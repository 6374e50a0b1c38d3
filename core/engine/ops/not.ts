import { GenviewTypeError } from "../../errors/mod.ts";
import { defineOp } from "../graph/op.ts";
import { formatType } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";

const Not = defineOp({
  type: "Not",
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => {
    if (x.dtype !== "bool") throw new GenviewTypeError(`x must be bool, found ${formatType(x)}`);
    return { y: x };
  },
  gradient: "none",
});

/** Whether each boolean is false. */
export function not(x: Value): Value {
  return Not({ x }, {}).y;
}
