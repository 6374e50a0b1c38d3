import { defineComposite } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";

const StopGradient = defineComposite({
  type: "StopGradient",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  expand: ({ x }) => ({ y: x }),
  gradient: "stops",
});

/** The same values, through which no gradient flows; it costs nothing when the graph runs. */
export function stopGradient(x: Value): Value {
  return StopGradient({ x }, {}).y;
}
