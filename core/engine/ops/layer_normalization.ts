import { GenviewRangeError } from "../../errors/mod.ts";
import { defineComposite } from "../graph/op.ts";
import { sameShape, type Shape } from "../graph/shape.ts";
import { currentTarget } from "../graph/target.ts";
import { filled } from "../graph/tensor.ts";
import { constant, type Value } from "../graph/value.ts";
import { axisOf } from "./_axes.ts";
import { halfBefore, halfRowsGradient } from "./_half_rows.ts";
import {
  type LayerNormalizationAttributes,
  standardLayerNormalization,
} from "./_standard_layer_normalization.ts";
import { centre, standardizedGradient } from "./_standardize.ts";
import { add } from "./add.ts";
import { mul } from "./mul.ts";
import { sub } from "./sub.ts";

/** Options of {@linkcode layerNormalization}. */
export interface LayerNormalizationOptions {
  /** Factor of each element of the axes that are normalised. */
  readonly scale?: Value;
  /** What is added to each element of the axes that are normalised. */
  readonly bias?: Value;
  /** What is added to the variance (default 1e-5). */
  readonly epsilon?: number;
  /** First axis that is normalised; those after it are too (default the last one alone). */
  readonly axis?: number;
}

function axesFrom(axis: number, rank: number): number[] {
  return Array.from({ length: rank - axis }, (_, i) => axis + i);
}

function check(name: string, value: Value | undefined, expected: Shape): void {
  if (value !== undefined && !sameShape(value.shape, expected)) {
    throw new GenviewRangeError(
      `${name} must be [${expected.join(",")}], found [${value.shape.join(",")}]`,
    );
  }
}

/** Whether ONNX's operator is the faster way: on CUDA, and its statistics are float32 alone. */
function isOneKernel({ dtype }: Value): boolean {
  return currentTarget().provider === "cuda" && dtype === "float32";
}

/** One of each element of the axes that are normalised. */
function onesOf({ dtype, shape }: Value, axis: number): Value {
  return constant(filled(dtype, shape.slice(axis), 1));
}

const LayerNormalization = defineComposite({
  type: "LayerNormalization",
  inputs: ["x"],
  optional: ["scale", "bias"],
  outputs: ["y", "mean", "inverseDeviation"],
  precision: "within",
  expand: ({ x, scale, bias }, { axis, epsilon }: LayerNormalizationAttributes) => {
    check("scale", scale, x.shape.slice(axis));
    check("bias", bias, x.shape.slice(axis));
    if (isOneKernel(x)) {
      const given = { x, scale: scale ?? onesOf(x, axis), bias };
      return standardLayerNormalization(given, { axis, epsilon });
    }
    const { centred, mean, inverseDeviation } = centre(x, axesFrom(axis, x.rank), epsilon);
    const z = mul(centred, inverseDeviation);
    const scaled = scale === undefined ? z : mul(z, scale);
    return { y: bias === undefined ? scaled : add(scaled, bias), mean, inverseDeviation };
  },
  // With z = (x - mean) r and dz = scale dy: dx = r (dz - mean(dz) - z mean(z dz)), dscale = z dy, dbias = dy
  gradient: ({ x, scale, bias, mean, inverseDeviation, dy }, { axis, epsilon }) => {
    const half = isOneKernel(x) ? halfBefore(dy) : undefined;
    if (half !== undefined) {
      return halfRowsGradient({ x, scale, bias, inverseDeviation, dy: half }, { axis, epsilon });
    }
    const z = isOneKernel(x)
      ? standardLayerNormalization({ x, scale: onesOf(x, axis) }, { axis, epsilon }).y
      : mul(sub(x, mean), inverseDeviation);
    const dz = scale === undefined ? dy : mul(dy, scale);
    return {
      x: standardizedGradient({ z, dz, inverseDeviation }, axesFrom(axis, x.rank)),
      ...(scale && { scale: mul(dy, z) }),
      ...(bias && { bias: dy }),
    };
  },
});

/**
 * Layer normalisation: elements of the last axes moved to mean zero and variance one, then scaled and shifted.
 *
 * Source: Ba et al. 2016, "Layer normalization", equation 4; as `torch.nn.functional.layer_norm`.
 */
export function layerNormalization(x: Value, options: LayerNormalizationOptions = {}): Value {
  const { scale, bias, epsilon = 1e-5, axis = -1 } = options;
  const attributes = { axis: axisOf("LayerNormalization", x, axis), epsilon };
  return LayerNormalization({ x, scale, bias }, attributes).y;
}
