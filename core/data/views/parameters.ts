/**
 * View parameters: what one draw from a {@link ViewRecipe} came to.
 *
 * @module
 */

/** A rectangle of pixels. */
export interface CropBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Where a view's pixels come from. */
export interface GeometricParameters {
  /** In pixels of the decoded image. */
  readonly crop: CropBox;
  /** Whether the view is mirrored left to right. */
  readonly flip: boolean;
}

/** The four steps of colour jitter by the numbers that torchvision gives them. */
export const JITTER_STEPS = ["brightness", "contrast", "saturation", "hue"] as const;

/** A random order of the four steps of colour jitter, as indices into {@link JITTER_STEPS}. */
export type JitterOrder = readonly [number, number, number, number];

/** Colour jitter of one view; a step whose factor is the identity is left out. */
export interface JitterParameters {
  readonly apply: boolean;
  /** The step that is applied first, second, third and last. */
  readonly order: JitterOrder;
  /** Factor; the identity is 1. */
  readonly brightness: number;
  /** Factor; the identity is 1. */
  readonly contrast: number;
  /** Factor; the identity is 1. */
  readonly saturation: number;
  /** Shift in turns of the colour circle, in [-0.5, 0.5]; the identity is 0. */
  readonly hue: number;
}

/** What happens to a view's colours. */
export interface PhotometricParameters {
  readonly jitter: JitterParameters;
  readonly grayscale: boolean;
  /** Standard deviation of the blur in pixels; 0 is no blur. */
  readonly blurSigma: number;
  readonly solarize: boolean;
}

/** One draw of a view. */
export interface ViewParameters extends GeometricParameters, PhotometricParameters {}

/** Colour jitter that changes nothing. */
export const NO_JITTER: JitterParameters = {
  apply: false,
  order: [0, 1, 2, 3],
  brightness: 1,
  contrast: 1,
  saturation: 1,
  hue: 0,
};
