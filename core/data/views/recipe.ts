/**
 * View recipes: the published augmentation pipelines as data. A recipe says how views are drawn; what one draw came
 * to is a {@link ViewParameters}.
 *
 * Every pipeline of the field has the same steps in the same order: crop and resize, jitter, grayscale, blur,
 * solarize, normalise. They differ in where the horizontal flip stands (BYOL flips after the crop, the others last),
 * which makes no difference: jitter, grayscale and solarize treat pixels alike wherever they are, and the blur is
 * symmetric. So a recipe has no order, and views are flipped with the crop.
 *
 * @module
 */

/** Lowest and highest value of a uniform draw. */
export type Range = readonly [low: number, high: number];

/** Per-channel statistics, red first, of pixels in [0, 1]. */
export interface Normalization {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** How pixels are weighted in resizing; both are antialiased as Pillow's are. */
export type Interpolation = "bilinear" | "bicubic";

/** A crop of random area and aspect, resized to the view's size. */
export interface CropRecipe {
  /** Fraction of the image's area, in (0, 1]. */
  readonly area: Range;
  /** Width over height; the draw is uniform in its logarithm. */
  readonly aspect: Range;
  readonly interpolation: Interpolation;
}

/**
 * Colour jitter in random order. A strength x of brightness, contrast or saturation draws the factor from
 * [max(0, 1 - x), 1 + x], of hue the shift from [-x, x] turns; the strength 0 leaves the step out.
 */
export interface JitterRecipe {
  readonly probability: number;
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  /** In turns of the colour circle, at most 0.5. */
  readonly hue: number;
}

/** Gaussian blur of random width. */
export interface BlurRecipe {
  readonly probability: number;
  /** Standard deviation in pixels of the view. */
  readonly sigma: Range;
}

/** Inversion of the bright pixels: v becomes 255 - v from the threshold on. */
export interface SolarizeRecipe {
  readonly probability: number;
  /** In [0, 255]. */
  readonly threshold: number;
}

/** How one view of an image is drawn. Steps that are absent are left out. */
export interface ViewRecipe {
  /** Height and width of the view in pixels. */
  readonly size: number;
  readonly crop: CropRecipe;
  /** Probability of the horizontal flip. */
  readonly flip: number;
  readonly jitter?: JitterRecipe;
  /** Probability of the conversion to gray. */
  readonly grayscale?: number;
  readonly blur?: BlurRecipe;
  readonly solarize?: SolarizeRecipe;
  readonly normalize: Normalization;
}

/** How an image is evaluated: the shorter side is resized, then the centre is cut out. */
export interface EvaluationRecipe {
  /** Height and width of the view in pixels. */
  readonly size: number;
  /** Length of the shorter side before the crop, in pixels. */
  readonly shorterSide: number;
  readonly interpolation: Interpolation;
  readonly normalize: Normalization;
}
