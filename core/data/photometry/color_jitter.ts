/**
 * Colour jitter of a batch whose samples each have their own factors and their own order of the four steps.
 *
 * Brightness, contrast and saturation are one operation, a blend with a reference: black, the mean gray, the pixel's
 * gray. Each is an affine map of colours followed by a clip, so that a position in the order is one such map, whichever
 * of the three it holds. Hue stands at one of four positions.
 *
 * Source of the formulas: torchvision, `transforms/_functional_tensor.py` (`adjust_*`, `_blend`).
 *
 * @module
 */
import { float32 } from "../../engine/graph/tensor.ts";
import { constant, type Value } from "../../engine/graph/value.ts";
import { add } from "../../engine/ops/add.ts";
import { cast } from "../../engine/ops/cast.ts";
import { clip } from "../../engine/ops/clip.ts";
import { concat } from "../../engine/ops/concat.ts";
import { equal } from "../../engine/ops/equal.ts";
import { gatherElements } from "../../engine/ops/gather_elements.ts";
import { less } from "../../engine/ops/less.ts";
import { matMul } from "../../engine/ops/mat_mul.ts";
import { mul } from "../../engine/ops/mul.ts";
import { reduceMean } from "../../engine/ops/reduce_mean.ts";
import { reduceSum } from "../../engine/ops/reduce_sum.ts";
import { reshape } from "../../engine/ops/reshape.ts";
import { slice } from "../../engine/ops/slice.ts";
import { sub } from "../../engine/ops/sub.ts";
import { where } from "../../engine/ops/where.ts";
import { IDENTITY, mapColors, TO_GRAY } from "./color_map.ts";
import { shiftHue } from "./hue.ts";

/** The four steps of colour jitter by the numbers that torchvision gives them. */
export const JITTER_STEPS = ["brightness", "contrast", "saturation", "hue"] as const;

/** A random order of the four steps of colour jitter, as indices into {@link JITTER_STEPS}. */
export type JitterOrder = readonly [number, number, number, number];

/** The brightest that a channel can be; the darkest is 0. */
export const WHITE = 255;

const POSITIONS = constant(float32([1, 4], [0, 1, 2, 3]));

/** Jitter of a batch, as `packPhotometry` packs it. */
export interface JitterInputs {
  /** float32 `[N]` each. */
  readonly brightness: Value;
  /** float32 `[N]`. */
  readonly contrast: Value;
  /** float32 `[N]`. */
  readonly saturation: Value;
  /** float32 `[N]`. */
  readonly hue: Value;
  /** int64 `[N,4]`. */
  readonly order: Value;
}

/** What a blend does at each position of the order. */
interface Blends {
  /** Maps of colours `[N,4,3,3]`. */
  readonly maps: Value;
  /** Maps of the mean colour to what is added, `[N,4,3,3]`. */
  readonly offsets: Value;
}

/** Where a step stands in the orders: float32 `[N,4]`, 1 at its position. */
function places(order: Value, step: (typeof JITTER_STEPS)[number]): Value {
  const number = BigInt64Array.of(BigInt(JITTER_STEPS.indexOf(step)));
  return cast(equal(order, constant({ dtype: "int64", shape: [], data: number })), "float32");
}

/** The blends at all positions; at those that are not open `[N,4]` nothing happens. */
function blendsOf(jitter: JitterInputs, open: Value): Blends {
  const { order } = jitter;
  const count = order.shape[0]!;
  const steps = JITTER_STEPS.map((name) => reshape(jitter[name], [count, 1]));
  const drawn = gatherElements(concat(steps, { axis: 1 }), order, { axis: 1 });
  const factors = where(open, drawn, 1);
  const rest = sub(1, factors);
  const times = (weights: Value, matrix: Value) => mul(reshape(weights, [count, 4, 1, 1]), matrix);
  return {
    maps: add(times(factors, IDENTITY), times(mul(rest, places(order, "saturation")), TO_GRAY)),
    offsets: times(mul(rest, places(order, "contrast")), TO_GRAY),
  };
}

/** Applies the blend at a position to pixels `[N,3,H,W]`. */
function blend(pixels: Value, { maps, offsets }: Blends, position: number): Value {
  const at = (table: Value) => {
    const one = slice(table, { starts: [position], ends: [position + 1], axes: [1] });
    return reshape(one, [one.shape[0]!, 3, 3]);
  };
  const mean = reshape(reduceMean(pixels, { axes: [2, 3] }), [-1, 3, 1]);
  const blended = mapColors(pixels, at(maps), matMul(at(offsets), mean));
  return clip(blended, { min: 0, max: WHITE });
}

/** Applies jitter to pixels `[N,3,H,W]` in [0, 255]. */
export function colorJitter(pixels: Value, jitter: JitterInputs): Value {
  const ofHue = mul(places(jitter.order, "hue"), POSITIONS);
  const hueAt = reduceSum(ofHue, { axes: [1], keepDims: true });
  const before = blendsOf(jitter, less(POSITIONS, hueAt));
  const after = blendsOf(jitter, less(hueAt, POSITIONS));
  const until = [0, 1, 2].reduce((x, at) => blend(x, before, at), pixels);
  return [1, 2, 3].reduce((x, at) => blend(x, after, at), shiftHue(until, jitter.hue));
}
