/**
 * Normalisation of pixels by the statistics that a network was trained with.
 *
 * @module
 */
import { float32 } from "../engine/graph/tensor.ts";
import { constant, type Value } from "../engine/graph/value.ts";
import { add } from "../engine/ops/add.ts";
import { cast } from "../engine/ops/cast.ts";
import { div } from "../engine/ops/div.ts";
import { mul } from "../engine/ops/mul.ts";
import { sub } from "../engine/ops/sub.ts";
import { transpose } from "../engine/ops/transpose.ts";
import type { Normalization } from "./views/recipe.ts";

/** Numbers of the three channels, in the shape that broadcasts over images. */
function perChannel(values: readonly number[]): Value {
  return constant(float32([3, 1, 1], values));
}

/**
 * Pixels as a network takes them, in a graph: each channel less its mean, divided by its deviation.
 *
 * @param images uint8 `[N, H, W, 3]`
 * @returns float32 `[N, 3, H, W]`
 */
export function normalizePixels(images: Value, { mean, std }: Normalization): Value {
  const pixels = transpose(cast(images, "float32"), [0, 3, 1, 2]);
  const scaled = (statistics: readonly number[]) => perChannel(statistics.map((x) => 255 * x));
  return div(sub(pixels, scaled(mean)), scaled(std));
}

/**
 * Images that were normalised by some statistics, as others would have normalised them.
 *
 * @param images float32 `[N, 3, H, W]`
 */
export function renormalize(images: Value, from: Normalization, to: Normalization): Value {
  const scales = from.std.map((std, channel) => std / to.std[channel]!);
  const offsets = from.mean.map((mean, channel) => (mean - to.mean[channel]!) / to.std[channel]!);
  const isSame = scales.every((scale) => scale === 1) && offsets.every((offset) => offset === 0);
  return isSame ? images : add(mul(images, perChannel(scales)), perChannel(offsets));
}
