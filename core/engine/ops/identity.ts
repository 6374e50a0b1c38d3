import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";

const Identity = defineOp({
  type: "Identity",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  elementWise: true,
  infer: ({ x }) => ({ y: x }),
  // dx = dy
  gradient: ({ dy }) => ({ x: dy }),
});

/** The same values as a value of its own, which a graph can give a second name. */
export function identity(x: Value): Value {
  return Identity({ x }, {}).y;
}
