/**
 * Foreground from scores: masks, soft maps and ratios.
 *
 * @module
 */
import { type Tensor, tensor } from "../engine/graph/tensor.ts";

/** Which side of the threshold is foreground: scores greater than it, or those that are not (GenView's `lt`). */
export type MaskType = "gt" | "lt";

/**
 * The foreground of images: 1 where s > α, or where s ≤ α for `lt`.
 *
 * Source: GenView, `tools/clip_pca/calculate_fgratio.py`, `calculate_ratios`.
 *
 * @param threshold α; it is rounded to float32, which scores are compared in
 * @returns uint8 of the scores' shape, 0 or 1
 */
export function foregroundMask(
  scores: Tensor<"float32">,
  threshold: number,
  type: MaskType = "gt",
): Tensor<"uint8"> {
  const limit = Math.fround(threshold);
  const mask = new Uint8Array(scores.data.length);
  for (let i = 0; i < mask.length; i++) {
    mask[i] = Number(scores.data[i]! > limit === (type === "gt"));
  }
  return tensor("uint8", scores.shape, mask);
}

/**
 * The share of an image's tokens that are foreground, r = |{p : s_p > α}| / P, in float32.
 *
 * ```ts
 * import { float32 } from "../engine/graph/tensor.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const scores = float32([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]);
 * assertEquals(foregroundRatios(scores, 3), float32([2], [0.25, 1]));
 * ```
 *
 * @param scores float32 `[N, P]`
 * @returns float32 `[N]`, in [0, 1]
 */
export function foregroundRatios(
  scores: Tensor<"float32">,
  threshold: number,
  type: MaskType = "gt",
): Tensor<"float32"> {
  const [images = 0, tokens = 0] = scores.shape;
  const mask = foregroundMask(scores, threshold, type).data;
  const ratios = new Float32Array(images);
  for (let image = 0; image < images; image++) {
    let count = 0;
    for (let p = 0; p < tokens; p++) count += mask[image * tokens + p]!;
    ratios[image] = count / tokens;
  }
  return tensor("float32", [images], ratios);
}

/**
 * Soft maps of the foreground and, as 1 − f, of the background: f = (s − min s) / (max s − min s) image by image.
 * An image whose scores are all equal, for which GenView divides by zero, is background throughout.
 *
 * Source: GenView, `tools/clip_pca/extract_features_pca.py`, `create_maps`.
 *
 * @param scores float32 `[N, P]`
 * @returns float32 `[N, P]` each, in [0, 1]
 */
export function softMaps(
  scores: Tensor<"float32">,
): { readonly foreground: Tensor<"float32">; readonly background: Tensor<"float32"> } {
  const [images = 0, tokens = 0] = scores.shape;
  const foreground = new Float32Array(scores.data.length);
  for (let image = 0; image < images; image++) {
    const own = scores.data.subarray(image * tokens, (image + 1) * tokens);
    const lowest = own.reduce((a, b) => Math.min(a, b), Infinity);
    const range = Math.fround(own.reduce((a, b) => Math.max(a, b), -Infinity) - lowest);
    if (range === 0) continue;
    own.forEach((score, p) => foreground[image * tokens + p] = Math.fround(score - lowest) / range);
  }
  return {
    foreground: tensor("float32", scores.shape, foreground),
    background: tensor("float32", scores.shape, foreground.map((value) => 1 - value)),
  };
}
