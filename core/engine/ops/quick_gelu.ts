import { defineComposite } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { gateOf } from "./_gate.ts";
import { add } from "./add.ts";
import { mul } from "./mul.ts";
import { sub } from "./sub.ts";

const SLOPE = 1.702;

const QuickGelu = defineComposite({
  type: "QuickGelu",
  inputs: ["x"],
  outputs: ["y", "gate"],
  precision: "widest",
  expand: ({ x }) => {
    const gate = gateOf(mul(x, SLOPE));
    return { y: mul(x, gate), gate };
  },
  // d(x s) = (s + c x s (1 - s)) dx = (s + c y (1 - s)) dx with c = 1.702
  gradient: ({ y, gate, dy }) => {
    const scaled = mul(y, SLOPE);
    return { x: mul(dy, add(gate, sub(scaled, mul(scaled, gate)))) };
  },
});

/** x sigmoid(1.702 x) of each element: the approximation of GELU that OpenAI's CLIP was trained with. */
export function quickGelu(x: Value): Value {
  return QuickGelu({ x }, {}).y;
}
