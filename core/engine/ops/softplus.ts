import { defineComposite } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { abs } from "./abs.ts";
import { add } from "./add.ts";
import { exp } from "./exp.ts";
import { log } from "./log.ts";
import { mul } from "./mul.ts";
import { neg } from "./neg.ts";
import { relu } from "./relu.ts";
import { sigmoid } from "./sigmoid.ts";

const Softplus = defineComposite({
  type: "Softplus",
  inputs: ["x"],
  outputs: ["y"],
  // max(x, 0) + log(1 + exp(-|x|)): ONNX Runtime's own Softplus takes three times as long, and lacks float64.
  expand: ({ x }) => ({ y: add(relu(x), log(add(exp(neg(abs(x))), 1))) }),
  // d softplus(x) = sigmoid(x) dx
  gradient: ({ x, dy }) => ({ x: mul(dy, sigmoid(x)) }),
});

/** log(1 + exp(x)) of each element, without overflow. */
export function softplus(x: Value): Value {
  return Softplus({ x }, {}).y;
}
