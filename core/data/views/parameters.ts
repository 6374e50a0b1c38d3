/**
 * View parameters: the result of one draw from a view recipe.
 *
 * @module
 */
import type { StepParameters } from "./steps/mod.ts";

/** A rectangle of pixels. */
export interface CropBox {
  /** Columns before it. */
  readonly left: number;
  /** Rows above it. */
  readonly top: number;
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/** Where a view's pixels come from. */
export interface GeometricParameters {
  /** In pixels of the decoded image. */
  readonly crop: CropBox;
  /** Whether the view is mirrored left to right. */
  readonly flip: boolean;
}

/** One draw of a view: its crop and flip, and what was sampled of each step. */
export interface ViewParameters extends GeometricParameters, StepParameters {}
