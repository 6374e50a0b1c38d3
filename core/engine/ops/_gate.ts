/**
 * The logistic gate of SiLU and of the quick approximation of GELU.
 *
 * @module
 */
import type { Value } from "../graph/value.ts";
import { add } from "./add.ts";
import { mul } from "./mul.ts";
import { sigmoid } from "./sigmoid.ts";
import { tanh } from "./tanh.ts";

/**
 * sigmoid(x). In float64 by (1 + tanh(x / 2)) / 2: ONNX Runtime would fuse x sigmoid(x) into its QuickGelu, which has
 * no kernel for float64, and refuse the model.
 */
export function gateOf(x: Value): Value {
  return x.dtype === "float64" ? mul(add(tanh(mul(x, 0.5)), 1), 0.5) : sigmoid(x);
}
