/**
 * Products of tensors and scalars in a form that ONNX Runtime computes fast.
 *
 * @module
 */
import type { Shape } from "../graph/shape.ts";
import { filled } from "../graph/tensor.ts";
import { constant, type Value } from "../graph/value.ts";
import { mul } from "../ops/mul.ts";
import { reshape } from "../ops/reshape.ts";

/**
 * A scalar as an operand for tensors of a shape.
 *
 * ONNX Runtime's CPU kernels walk along the last axis that both operands have. Where that is of length 1, as in the
 * weight of a 1x1 convolution, a scalar without axes makes them take each element by itself, at some fifty times the
 * cost; with as many axes as the tensor it does not.
 */
export function scalarOperand(value: Value, shape: Shape): Value {
  return shape.at(-1) === 1 ? reshape(value, shape.map(() => 1)) : value;
}

/** A tensor times a scalar. */
export function times(x: Value, factor: Value | number): Value {
  const value = typeof factor === "number" ? constant(filled(x.dtype, [], factor)) : factor;
  return mul(x, scalarOperand(value, x.shape));
}
