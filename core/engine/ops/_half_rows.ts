/**
 * The gradient of layer normalisation on CUDA where it comes from float16: what has the size of the tensor is float16 on the way,
 * statistics and what leaves are float32.
 *
 * @module
 */
import { producer } from "../graph/node.ts";
import { elementCount } from "../graph/shape.ts";
import { filled } from "../graph/tensor.ts";
import { constant, type Value } from "../graph/value.ts";
import { leadingSum } from "./_leading_sum.ts";
import { cast } from "./cast.ts";
import { div } from "./div.ts";
import {
  type LayerNormalizationAttributes,
  standardLayerNormalization,
} from "./_standard_layer_normalization.ts";
import { matMul } from "./mat_mul.ts";
import { mul } from "./mul.ts";
import { beforeReshapes, reshape } from "./reshape.ts";
import { sub } from "./sub.ts";

/** What is added to the variance of a gradient, for one of zeros; what it changes is put back with the deviation. */
const EPSILON = 1e-12;

/** What a value was before it was converted from float16, if it was. */
export function halfBefore(value: Value): Value | undefined {
  const node = producer(beforeReshapes(value));
  const before = node?.op.type === "Cast" ? node.inputs.x! : value;
  return before.dtype === "float16" ? reshape(before, value.shape) : undefined;
}

/** What a layer normalisation had, and the gradient by its result. */
export interface HalfRowsInputs {
  readonly x: Value;
  readonly scale: Value | undefined;
  readonly bias: Value | undefined;
  readonly inverseDeviation: Value;
  /** In float16. */
  readonly dy: Value;
}

/**
 * Sums over all rows, float32 of the shape of a row. They are divided by about the root of the number of rows before they are
 * rounded to float16, and so are of the size of what they are sums of, where that is of both signs; by a power of two, which
 * float16 has.
 */
function sumOfRows(rows: Value, shape: readonly number[]): Value {
  const growth = 2 ** Math.round(Math.log2(rows.shape[0]!) / 2);
  const sums = leadingSum(rows, { axes: [0], keepDims: false }, 1 / growth);
  return mul(reshape(cast(sums, "float32"), shape), growth);
}

/**
 * With z = (x - mean) r and dz = scale dy: dx = r (u - mean(u)) of u = dz - z mean(z dz), since z has no mean. The kernel of layer
 * normalisation subtracts the mean of u in float32, and what it divides by is put back with r.
 */
export function halfRowsGradient(
  { x, scale, bias, inverseDeviation, dy }: HalfRowsInputs,
  { axis, epsilon }: LayerNormalizationAttributes,
): { readonly x: Value; readonly scale?: Value; readonly bias?: Value } {
  const shape = x.shape.slice(axis);
  const length = elementCount(shape);
  const rowsOf = (value: Value) => reshape(value, [elementCount(x.shape) / length, length]);
  const ones = (dtype: "float16" | "float32") => constant(filled(dtype, shape, 1));
  const normalized = standardLayerNormalization({ x, scale: ones("float32") }, { axis, epsilon });
  const z = cast(normalized.y, "float16");
  const factor = scale === undefined ? ones("float16") : cast(scale, "float16");
  const products = mul(dy, z);
  // A power of two, since ONNX Runtime rounds alpha to float16; the rest goes with the factor.
  const alpha = 2 ** -Math.ceil(Math.log2(length));
  const column = reshape(mul(factor, 1 / (alpha * length)), [length, 1]);
  const slope = matMul(rowsOf(products), column, { alpha });
  const dz = scale === undefined ? dy : mul(dy, factor);
  const u = sub(dz, mul(z, reshape(slope, inverseDeviation.shape)));
  const own = standardLayerNormalization({ x: u, scale: ones("float16") }, {
    axis,
    epsilon: EPSILON,
  });
  return {
    x: mul(cast(own.y, "float32"), div(inverseDeviation, own.inverseDeviation)),
    ...(scale && { scale: sumOfRows(rowsOf(products), shape) }),
    ...(bias && { bias: sumOfRows(rowsOf(dy), shape) }),
  };
}
