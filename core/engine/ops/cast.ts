import { type DType, isFloat } from "../graph/dtype.ts";
import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";

interface CastAttributes {
  readonly to: DType;
}

const Cast = defineOp({
  type: "Cast",
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }, { to }: CastAttributes) => ({ y: { dtype: to, shape: x.shape } }),
  onnx: ({ to }) => ({ attributes: { to: { dtype: to } } }),
  // Between floats the gradient is cast back; integers and booleans have none.
  gradient: ({ x, dy }) => isFloat(x.dtype) ? { x: cast(dy, x.dtype) } : {},
});

/**
 * Each element converted to another type; booleans become 0 and 1, and floats lose their fraction on the way to
 * integers.
 */
export function cast(x: Value, to: DType): Value {
  return x.dtype === to ? x : Cast({ x }, { to }).y;
}
