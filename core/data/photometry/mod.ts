/**
 * The photometric part of views, from colour jitter to normalisation: as batched graphs, and one by one for large views
 * on the CPU.
 *
 * @module
 */
export {
  colorJitter,
  JITTER_STEPS,
  type JitterInputs,
  type JitterOrder,
  WHITE,
} from "./color_jitter.ts";
export { blurKernelLength, gaussianBlur, type GaussianBlurOptions } from "./gaussian_blur.ts";
export { shiftHue } from "./hue.ts";
export type { PhotometricView } from "./lane.ts";
export {
  buildPhotometricGraph,
  type PhotometricGraph,
  type PhotometricGraphOptions,
} from "./photometric_graph.ts";
export type { PixelView } from "./pixel_view.ts";
export { Photometry, type PhotometryOptions } from "./photometry.ts";
