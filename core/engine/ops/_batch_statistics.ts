/**
 * What batch normalisations have in common, whichever samples their statistics are of.
 *
 * @module
 */
import { elementCount } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import { sumPerChannel } from "./_channels.ts";
import { cast } from "./cast.ts";
import { matMul } from "./mat_mul.ts";
import { mul } from "./mul.ts";
import { reduceSum } from "./reduce_sum.ts";
import { reshape } from "./reshape.ts";
import { sub } from "./sub.ts";

/** What is normalised, and what its channels are scaled by and shifted by. */
export interface BatchInputs {
  /** `[N, C, ...]` */
  readonly x: Value;
  /** `[C]` */
  readonly scale?: Value | undefined;
  /** `[C]` */
  readonly bias?: Value | undefined;
}

/** What is differentiated by. */
export interface BatchGradients {
  /** By x. */
  readonly x: Value;
  /** By the scale, where there is one. */
  readonly scale?: Value;
  /** By the bias, where there is one. */
  readonly bias?: Value;
}

/** A vector `[C]` as a tensor that broadcasts over `x`. */
export function perChannel(vector: Value, x: Value): Value {
  return reshape(vector, [vector.shape[0]!, ...x.shape.slice(2).map(() => 1)]);
}

function isHalf({ dtype }: Value): boolean {
  return dtype === "float16" || dtype === "bfloat16";
}

/** The normalisation of x of half the width, whose statistics and vectors are float32, by that of float32. */
export function inWide<Made extends { readonly y: Value }, Attributes>(
  expand: (inputs: BatchInputs, attributes: Attributes) => Made,
): (inputs: BatchInputs, attributes: Attributes) => Made {
  return (inputs, attributes) => {
    const { x, scale, bias } = inputs;
    if (!isHalf(x)) return expand(inputs, attributes);
    const wide = (value: Value | undefined) => value && cast(value, "float32");
    const made = expand({ x: wide(x)!, scale: wide(scale), bias: wide(bias) }, attributes);
    return { ...made, y: cast(made.y, x.dtype) };
  };
}

/** What a gradient is made of, among others. */
export interface GradientInputs extends BatchInputs {
  /** x, less its mean in each channel. */
  readonly centred: Value;
  /** Gradient by what is normalised. */
  readonly dy: Value;
}

/**
 * The gradient of x of half the width by that of float32. Only x is kept for it, and converted anew, in rows: in the forward
 * pass's shape ONNX Runtime would take it for what is there already, and keep that in float32 until then.
 *
 * @param meanOf what the centred tensor is x less of, `[C]`
 */
export function inRows<Values extends GradientInputs, Attributes>(
  meanOf: (values: Values) => Value,
  gradient: (values: Values, attributes: Attributes) => BatchGradients,
): (values: Values, attributes: Attributes) => BatchGradients {
  return (values, attributes) => {
    const { x, scale, bias, dy } = values;
    if (!isHalf(x)) return gradient(values, attributes);
    const rows = (value: Value) =>
      cast(reshape(value, [x.shape[0]!, x.shape[1]!, -1, 1]), "float32");
    const wide = rows(x);
    const vector = (value: Value | undefined) => value && cast(value, "float32");
    const found = gradient({
      ...values,
      x: wide,
      scale: vector(scale),
      bias: vector(bias),
      dy: rows(dy),
      centred: sub(wide, perChannel(meanOf(values), wide)),
    }, attributes);
    return {
      x: reshape(cast(found.x, x.dtype), x.shape),
      ...(scale && found.scale && { scale: cast(found.scale, scale.dtype) }),
      ...(bias && found.bias && { bias: cast(found.bias, bias.dtype) }),
    };
  };
}

/** Elements of a channel of one sample from which products are multiplied and summed in one pass. */
export const LARGE_PLANE = 1024;

/** Sum of the products of two tensors in each channel, `[C]`. */
export function channelDot(a: Value, b: Value): Value {
  const [batch, channels, ...lengths] = a.shape as [number, number, ...number[]];
  const plane = elementCount(lengths);
  if (plane < LARGE_PLANE) return sumPerChannel(mul(a, b));
  // A product of a row and a column for each plane, which does not write what it sums: half the time.
  const rows = [batch * channels, 1, plane];
  const sums = matMul(reshape(a, rows), reshape(b, rows), { transposeB: true });
  return reduceSum(reshape(sums, [batch, channels]), { axis: 0 });
}
