/**
 * The photometric part of views: colour jitter, grayscale, blur, solarization and normalisation, as batched graphs and
 * for large views on the CPU.
 *
 * @module
 */
export { colorJitter, type JitterInputs, WHITE } from "./color_jitter.ts";
export { blurKernelLength, gaussianBlur, type GaussianBlurOptions } from "./gaussian_blur.ts";
export { shiftHue } from "./hue.ts";
export type { PhotometricView } from "./lane.ts";
export {
  buildPhotometricGraph,
  type PhotometricGraph,
  type PhotometricGraphOptions,
  type PhotometricSteps,
  stepsOf,
} from "./photometric_graph.ts";
export { Photometry, type PhotometryOptions } from "./photometry.ts";
