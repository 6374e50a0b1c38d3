/**
 * The photometric part of views: colour jitter, grayscale, blur, solarization and normalisation as batched graphs.
 *
 * @module
 */
export { colorJitter, gray, type JitterInputs, shiftHue } from "./color_jitter.ts";
export { blurKernelLength, gaussianBlur } from "./gaussian_blur.ts";
export {
  buildPhotometricGraph,
  type PhotometricGraph,
  type PhotometricGraphOptions,
  type PhotometricSteps,
  stepsOf,
} from "./photometric_graph.ts";
export { type PhotometricView, Photometry, type PhotometryOptions } from "./photometry.ts";
