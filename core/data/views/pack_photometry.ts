/**
 * The photometric parameters of a batch as tensors.
 *
 * @module
 */
import { type Tensor, zeros } from "../../engine/graph/tensor.ts";
import type { PhotometricParameters } from "./parameters.ts";

/** Names of the tensors that {@link packPhotometry} gives. */
export type PhotometryInput =
  | "brightness"
  | "contrast"
  | "saturation"
  | "hue"
  | "jitter_order"
  | "jitter"
  | "grayscale"
  | "blur_sigma"
  | "solarize";

/**
 * Packs the photometric parameters of N views, one tensor each, as inputs of the photometric graph. The views
 * themselves go there as uint8 [N, H, W, 3], cropped, resized and flipped.
 *
 * | name | type | values |
 * | --- | --- | --- |
 * | `brightness`, `contrast`, `saturation` | float32 [N] | factors >= 0; 1 where there is no jitter |
 * | `hue` | float32 [N] | shift in turns, in [-0.5, 0.5]; 0 where there is no jitter |
 * | `jitter_order` | int64 [N, 4] | the step applied first, second, third and last: 0 brightness, 1 contrast, 2 saturation, 3 hue; 0 to 3 in order where there is no jitter |
 * | `jitter` | float32 [N] | 1 where colour jitter is applied, else 0 |
 * | `grayscale` | float32 [N] | 1 where the view turns gray, else 0 |
 * | `blur_sigma` | float32 [N] | standard deviation of the Gaussian blur in pixels; 0 is no blur |
 * | `solarize` | float32 [N] | 1 where the view is solarized, else 0; the threshold belongs to the recipe |
 *
 * A factor of exactly 1, or a hue shift of exactly 0, means that the step is left out: that is how a recipe without
 * that step is drawn. The steps come in this order: jitter, grayscale, blur, solarize, normalise.
 */
export function packPhotometry(
  parameters: readonly PhotometricParameters[],
): Record<PhotometryInput, Tensor> {
  const count = parameters.length;
  const brightness = zeros("float32", [count]);
  const contrast = zeros("float32", [count]);
  const saturation = zeros("float32", [count]);
  const hue = zeros("float32", [count]);
  const jitter_order = zeros("int64", [count, 4]);
  const jitter = zeros("float32", [count]);
  const grayscale = zeros("float32", [count]);
  const blur_sigma = zeros("float32", [count]);
  const solarize = zeros("float32", [count]);
  parameters.forEach((view, i) => {
    brightness.data[i] = view.jitter.brightness;
    contrast.data[i] = view.jitter.contrast;
    saturation.data[i] = view.jitter.saturation;
    hue.data[i] = view.jitter.hue;
    view.jitter.order.forEach((step, position) => {
      jitter_order.data[4 * i + position] = BigInt(step);
    });
    jitter.data[i] = Number(view.jitter.apply);
    grayscale.data[i] = Number(view.grayscale);
    blur_sigma.data[i] = view.blurSigma;
    solarize.data[i] = Number(view.solarize);
  });
  return {
    brightness,
    contrast,
    saturation,
    hue,
    jitter_order,
    jitter,
    grayscale,
    blur_sigma,
    solarize,
  };
}
