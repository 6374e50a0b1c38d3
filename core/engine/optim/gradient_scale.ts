/**
 * What happens to all gradients together before parameters follow them: unscaling, clipping, the check for overflow.
 *
 * @module
 */
import type { Value } from "../graph/value.ts";
import { add } from "../ops/add.ts";
import { cast } from "../ops/cast.ts";
import { concat } from "../ops/concat.ts";
import { div } from "../ops/div.ts";
import { less } from "../ops/less.ts";
import { minimum } from "../ops/minimum.ts";
import { mul } from "../ops/mul.ts";
import { reduceL2 } from "../ops/reduce_l2.ts";
import { reduceSum } from "../ops/reduce_sum.ts";
import { reshape } from "../ops/reshape.ts";
import { sqrt } from "../ops/sqrt.ts";
import { where } from "../ops/where.ts";
import { times } from "./_times.ts";

/** A gradient as the optimizer sees it, and its norm. */
export interface ScaledGradient {
  readonly gradient: Value;
  readonly norm: Value;
}

/** All gradients, scaled by one factor. */
export interface ScaledGradients {
  readonly gradients: readonly ScaledGradient[];
  /** Norm of all gradients as one vector, unscaled, before clipping; a scalar. */
  readonly norm: Value;
  /** Whether that norm is a finite number; a boolean scalar. */
  readonly finite: Value;
}

/** What is clipped by its norm: all gradients as one vector, or that of each parameter by itself. */
export type ClipUnit = "model" | "parameter";

/** How {@linkcode scaleGradients} scales. */
export interface GradientScaleOptions {
  /** Inverse of the factor that was on the loss, a scalar. */
  readonly inverseLossScale?: Value | undefined;
  /** Largest norm of what is clipped; see `clipPer`. */
  readonly clipNorm?: number | undefined;
  /** What is clipped to it (default `model`). */
  readonly clipPer?: ClipUnit | undefined;
  /** For each gradient whether its parameter is frozen in this step, a boolean scalar, or undefined if it never is. */
  readonly frozen?: readonly (Value | undefined)[];
}

/** What `torch.nn.utils.clip_grad_norm_` adds to the norm. */
const CLIP_EPSILON = 1e-6;

function clipFactor(norm: Value, largest: number): Value {
  return minimum(div(largest, add(norm, CLIP_EPSILON)), 1);
}

function product(a: Value | undefined, b: Value | undefined): Value | undefined {
  return a !== undefined && b !== undefined ? mul(a, b) : a ?? b;
}

/** The sum of some scalars, in two nodes however many they are. */
function sumOf(scalars: readonly Value[]): Value {
  return reduceSum(concat(scalars.map((scalar) => reshape(scalar, [1])), { axis: 0 }));
}

/**
 * Norm of some gradients as one vector, a float32 scalar: not a finite number as soon as one of them holds none.
 *
 * @param frozen for each whether its parameter is frozen in this step, so that it does not count; undefined if it never is
 * @throws {TypeError} if there are none
 */
export function jointNorm(
  gradients: readonly Value[],
  frozen: readonly (Value | undefined)[] = [],
): Value {
  const norms = gradients.map((gradient, i) => {
    const norm = cast(reduceL2(gradient), "float32");
    const without = frozen[i];
    return reshape(without === undefined ? norm : where(without, 0, norm), [1]);
  });
  return reduceL2(concat(norms, { axis: 0 }));
}

/**
 * Unscales gradients and clips their joint norm as `torch.nn.utils.clip_grad_norm_` does, both in one pass over each:
 * `g min(1, largest / (norm + 1e-6))`; or, per parameter, the norm of each by itself, as DINO does. Without options
 * gradients stay as they are. The joint norm takes one more pass over each, if it is used; a single value that is not
 * finite makes it infinite or NaN. Gradients of frozen parameters do not count in it.
 */
export function scaleGradients(
  gradients: readonly Value[],
  { inverseLossScale, clipNorm, clipPer = "model", frozen = [] }: GradientScaleOptions,
): ScaledGradients {
  const ownSquares = gradients.map((gradient) => reduceSum(mul(gradient, gradient)));
  const norms = ownSquares.map((square) => sqrt(square));
  const squares = ownSquares.map((square, i) => {
    const without = frozen[i];
    return without === undefined ? square : where(without, 0, square);
  });
  const raw = sqrt(sumOf(squares));
  const unscaled = (norm: Value) =>
    inverseLossScale === undefined ? norm : mul(norm, inverseLossScale);
  const norm = unscaled(raw);
  const factorBy = (norm: Value) =>
    product(inverseLossScale, clipNorm === undefined ? undefined : clipFactor(norm, clipNorm));
  const joint = factorBy(norm);
  return {
    gradients: gradients.map((gradient, i) => {
      const own = norms[i]!;
      const factor = clipPer === "model" ? joint : factorBy(unscaled(own));
      return factor === undefined
        ? { gradient, norm: own }
        : { gradient: times(gradient, factor), norm: mul(own, factor) };
    }),
    norm,
    // Neither infinity nor what is not a number is less than infinity.
    finite: less(norm, Infinity),
  };
}
