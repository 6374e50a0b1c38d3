import { defineComposite } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { gateOf } from "./_gate.ts";
import { add } from "./add.ts";
import { mul } from "./mul.ts";
import { sub } from "./sub.ts";

const Silu = defineComposite({
  type: "Silu",
  inputs: ["x"],
  outputs: ["y", "gate"],
  precision: "widest",
  expand: ({ x }) => {
    const gate = gateOf(x);
    return { y: mul(x, gate), gate };
  },
  // d(x s) = (s + x s (1 - s)) dx = (s + y - y s) dx
  gradient: ({ y, gate, dy }) => ({ x: mul(dy, add(gate, sub(y, mul(y, gate)))) }),
});

/** x sigmoid(x) of each element, also called swish. */
export function silu(x: Value): Value {
  return Silu({ x }, {}).y;
}
