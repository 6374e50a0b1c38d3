/**
 * Colour jitter of a batch whose samples each have their own factors and their own order of the four steps.
 *
 * Brightness, contrast and saturation are one operation, a blend with a reference: black, the mean gray, the pixel's
 * gray. So a position in the order is one gated blend, whichever of the three it holds. Hue stands at one of four
 * positions; it is computed once, between the blends that come before it and those that come after.
 *
 * Source of the formulas: torchvision, `transforms/_functional_tensor.py` (`adjust_*`, `_blend`, `_rgb2hsv`).
 *
 * @module
 */
import { float32 } from "../../engine/graph/tensor.ts";
import { constant, type Value } from "../../engine/graph/value.ts";
import { add } from "../../engine/ops/add.ts";
import { cast } from "../../engine/ops/cast.ts";
import { clip } from "../../engine/ops/clip.ts";
import { concat } from "../../engine/ops/concat.ts";
import { div } from "../../engine/ops/div.ts";
import { equal } from "../../engine/ops/equal.ts";
import { floor } from "../../engine/ops/floor.ts";
import { less } from "../../engine/ops/less.ts";
import { matMul } from "../../engine/ops/mat_mul.ts";
import { maximum } from "../../engine/ops/maximum.ts";
import { minimum } from "../../engine/ops/minimum.ts";
import { mul } from "../../engine/ops/mul.ts";
import { reduceMean } from "../../engine/ops/reduce_mean.ts";
import { reduceSum } from "../../engine/ops/reduce_sum.ts";
import { reshape } from "../../engine/ops/reshape.ts";
import { split } from "../../engine/ops/split.ts";
import { sub } from "../../engine/ops/sub.ts";
import { where } from "../../engine/ops/where.ts";
import { JITTER_STEPS } from "../views/parameters.ts";

/** Weights of the channels in gray (ITU-R 601-2), as torchvision rounds them. */
const GRAY = [0.2989, 0.587, 0.114];

const HUE = JITTER_STEPS.indexOf("hue");
const CONTRAST = JITTER_STEPS.indexOf("contrast");
const SATURATION = JITTER_STEPS.indexOf("saturation");

/** Jitter of a batch, as `packPhotometry` packs it. */
export interface JitterInputs {
  /** float32 `[N]` each. */
  readonly brightness: Value;
  readonly contrast: Value;
  readonly saturation: Value;
  readonly hue: Value;
  /** int64 `[N,4]`. */
  readonly order: Value;
}

/** Gray `[N,1,P]` of pixels `[N,3,P]`. */
export function gray(pixels: Value): Value {
  return matMul(constant(float32([1, 3], GRAY)), pixels);
}

/** A number for each sample `[N]`, in the shape that broadcasts over pixels. */
function perSample(value: Value): Value {
  return reshape(value, [-1, 1, 1]);
}

/** One of the three blends, whichever the order has at its position; where the gate is closed, nothing. */
function blend(
  pixels: Value,
  step: Value,
  { brightness, contrast, saturation }: JitterInputs,
  open?: Value,
): Value {
  const isContrast = equal(step, constantStep(CONTRAST));
  const isSaturation = equal(step, constantStep(SATURATION));
  const chosen = where(isContrast, contrast, where(isSaturation, saturation, brightness));
  const factor = perSample(open === undefined ? chosen : where(open, chosen, 1));
  const own = gray(pixels);
  const mean = reduceMean(own, { axes: [-1], keepDims: true });
  const rest = sub(1, factor);
  const reference = add(
    mul(own, mul(rest, perSample(cast(isSaturation, "float32")))),
    mul(mean, mul(rest, perSample(cast(isContrast, "float32")))),
  );
  return clip(add(mul(pixels, factor), reference), { min: 0, max: 1 });
}

function constantStep(step: number): Value {
  return constant({ dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(step)) });
}

/** Remainder of the division by 6, in [0, 6). */
function modulo6(x: Value): Value {
  return sub(x, mul(floor(mul(x, 1 / 6)), 6));
}

/**
 * Pixels `[N,3,P]` in [0,1] with their hue shifted by turns `[N]`. The colour of hue h, value v and chroma c has the
 * channels v - c clip(min(k, 4 - k), 0, 1) with k = (n + 6h) mod 6 and n = 5, 3, 1.
 */
export function shiftHue(pixels: Value, turns: Value): Value {
  const [red, green, blue] = split(pixels, [1, 1, 1], { axis: 1 });
  const value = maximum(maximum(red!, green!), blue!);
  const chroma = sub(value, minimum(minimum(red!, green!), blue!));
  // Where there is no chroma there is no hue, and any will do.
  const scale = div(1, maximum(chroma, 1e-12));
  const sextant = where(
    equal(value, red!),
    mul(sub(green!, blue!), scale),
    where(
      equal(value, green!),
      add(mul(sub(blue!, red!), scale), 2),
      add(mul(sub(red!, green!), scale), 4),
    ),
  );
  const shifted = add(sextant, perSample(mul(turns, 6)));
  const offsets = constant(float32([1, 3, 1], [5, 3, 1]));
  const k = modulo6(add(shifted, offsets));
  const share = clip(minimum(k, sub(4, k)), { min: 0, max: 1 });
  return sub(value, mul(chroma, share));
}

/** The position of hue in each sample's order, float32 `[N]`. */
function positionOfHue(steps: readonly Value[], count: number): Value {
  const at = steps.map((step) =>
    reshape(cast(equal(step, constantStep(HUE)), "float32"), [count, 1])
  );
  const positions = constant(float32([1, 4], [0, 1, 2, 3]));
  return reduceSum(mul(concat(at, { axis: 1 }), positions), { axes: [1] });
}

/**
 * Applies jitter to pixels `[N,3,P]` in [0,1].
 *
 * @param huePosition where hue stands in the order of every sample, if it is the same for all: 3 blends are then
 * enough, where it takes 6 for samples that differ
 */
export function colorJitter(pixels: Value, jitter: JitterInputs, huePosition?: number): Value {
  const count = pixels.shape[0]!;
  const steps = split(jitter.order, [1, 1, 1, 1], { axis: 1 }).map((step) =>
    reshape(step, [count])
  );
  if (huePosition !== undefined) {
    return steps.reduce(
      (x, step, at) => at === huePosition ? shiftHue(x, jitter.hue) : blend(x, step, jitter),
      pixels,
    );
  }
  const hueAt = positionOfHue(steps, count);
  const here = (at: number) => constant(float32([count], new Array<number>(count).fill(at)));
  const before = [0, 1, 2].reduce(
    (x, at) => blend(x, steps[at]!, jitter, less(here(at), hueAt)),
    pixels,
  );
  return [1, 2, 3].reduce(
    (x, at) => blend(x, steps[at]!, jitter, less(hueAt, here(at))),
    shiftHue(before, jitter.hue),
  );
}
