/**
 * Placements: where the pixels of a view lie in an image, whichever recipe put them there.
 *
 * @module
 */
import { roundHalfToEven } from "../views/round_half_to_even.ts";
import type { CropBox, GeometricParameters } from "../views/parameters.ts";
import type { EvaluationRecipe, Interpolation, ViewRecipe } from "../views/recipe.ts";

/** A square view: part of an image is resized, and a square is cut out of the result. */
export interface Placement {
  /** The part that is resized, in pixels of the whole image. */
  readonly crop: CropBox;
  /** What that part is resized to. */
  readonly resized: { readonly width: number; readonly height: number };
  /** Upper left corner of the square within it. */
  readonly left: number;
  /** Upper left corner of the square within it: rows above. */
  readonly top: number;
  /** Height and width of the square. */
  readonly size: number;
  /** Whether the square is mirrored left to right. */
  readonly flip: boolean;
  /** How pixels are weighted in resizing. */
  readonly interpolation: Interpolation;
}

/** Where a sampled view lies: its crop, resized to its size. */
export function placeView(recipe: ViewRecipe, { crop, flip }: GeometricParameters): Placement {
  const { size } = recipe;
  return {
    crop,
    resized: { width: size, height: size },
    left: 0,
    top: 0,
    size,
    flip,
    interpolation: recipe.crop.interpolation,
  };
}

/**
 * Where the evaluation view of an image lies: the shorter side is resized, the longer one in proportion and rounded
 * down, and the centre is cut out.
 *
 * Source: torchvision, `transforms/functional.py`, `_compute_resized_output_size` and `center_crop`.
 */
export function placeEvaluation(
  recipe: Pick<EvaluationRecipe, "size" | "shorterSide" | "interpolation">,
  width: number,
  height: number,
): Placement {
  const { size, shorterSide, interpolation } = recipe;
  const longerSide = Math.trunc((shorterSide * Math.max(width, height)) / Math.min(width, height));
  const resized = width <= height
    ? { width: shorterSide, height: longerSide }
    : { width: longerSide, height: shorterSide };
  return {
    crop: { left: 0, top: 0, width, height },
    resized,
    left: roundHalfToEven((resized.width - size) / 2),
    top: roundHalfToEven((resized.height - size) / 2),
    size,
    flip: false,
    interpolation,
  };
}
