/**
 * View recipes: the published augmentation pipelines as data. A recipe says how views are sampled; the result of one
 * draw is a `ViewParameters`.
 *
 * Every pipeline of the field has the same steps in the same order: crop and resize, jitter, grayscale, blur,
 * solarize, normalise. They differ in where the horizontal flip stands (BYOL flips after the crop, the others last),
 * which makes no difference: jitter, grayscale and solarize treat pixels alike wherever they are, and the blur is
 * symmetric. So a recipe has no order, and views are flipped with the crop. Rotation comes after the flip, erasing
 * after the normalisation, as in torchvision's reference pipelines; RandAugment and erasing with noise follow the
 * rotation, while views are images of 8 bits.
 *
 * @module
 */
import type { Range } from "./range.ts";
import type { StepRecipes } from "./steps/mod.ts";

/** Per-channel statistics, red first, of pixels in [0, 1]. */
export interface Normalization {
  /** Means. */
  readonly mean: readonly [number, number, number];
  /** Standard deviations. */
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
  /** How pixels are weighted in resizing. */
  readonly interpolation: Interpolation;
}

/** How one view of an image is sampled. Steps that are absent are left out. */
export interface ViewRecipe extends StepRecipes {
  /** Height and width of the view in pixels. */
  readonly size: number;
  /** Which part of the image it shows. */
  readonly crop: CropRecipe;
  /** Probability of the horizontal flip. */
  readonly flip: number;
  /** Statistics that the pixels are normalised with. */
  readonly normalize: Normalization;
}

/** How an image is evaluated: the shorter side is resized, then the centre is cut out. */
export interface EvaluationRecipe {
  /** Height and width of the view in pixels. */
  readonly size: number;
  /** Length of the shorter side before the crop, in pixels. */
  readonly shorterSide: number;
  /** How pixels are weighted in resizing. */
  readonly interpolation: Interpolation;
  /** Statistics that the pixels are normalised with. */
  readonly normalize: Normalization;
}
