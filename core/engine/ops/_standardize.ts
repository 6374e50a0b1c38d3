/**
 * Moving elements to mean zero and variance one, and its gradient: what layer and group normalisation share.
 *
 * By primitive operators: ONNX Runtime's LayerNormalization takes about five times as long on the CPU.
 *
 * @module
 */
import type { Value } from "../graph/value.ts";
import { add } from "./add.ts";
import { mul } from "./mul.ts";
import { reciprocal } from "./reciprocal.ts";
import { reduceMean } from "./reduce_mean.ts";
import { sqrt } from "./sqrt.ts";
import { sub } from "./sub.ts";

/** A tensor less its mean, and the statistics along the axes, which stay with length 1. */
export interface Centred {
  readonly centred: Value;
  readonly mean: Value;
  /** 1 / sqrt(variance + epsilon), with the variance of all elements (divisor n). */
  readonly inverseDeviation: Value;
}

/** Subtracts the mean along axes and measures the deviation. */
export function centre(x: Value, axes: readonly number[], epsilon: number): Centred {
  const mean = reduceMean(x, { axes, keepDims: true });
  const centred = sub(x, mean);
  const variance = reduceMean(mul(centred, centred), { axes, keepDims: true });
  return { centred, mean, inverseDeviation: reciprocal(sqrt(add(variance, epsilon))) };
}

/** The gradient by x of its standardised elements z = (x - mean) r: r (dz - mean(dz) - z mean(z dz)). */
export function standardizedGradient(
  { z, dz, inverseDeviation }: {
    readonly z: Value;
    readonly dz: Value;
    readonly inverseDeviation: Value;
  },
  axes: readonly number[],
): Value {
  const offset = reduceMean(dz, { axes, keepDims: true });
  const slope = reduceMean(mul(dz, z), { axes, keepDims: true });
  return mul(sub(sub(dz, offset), mul(z, slope)), inverseDeviation);
}
