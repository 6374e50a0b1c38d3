/**
 * Preparation of images for CLIP: resized by Pillow's bicubic kernel, the centre cut out.
 *
 * @module
 */
import type { RgbImage } from "./dataset.ts";
import { cutView } from "./geometry/cut_view.ts";
import { placeEvaluation, type Placement } from "./geometry/placement.ts";
import { CLIP_NORMALIZATION } from "./views/presets.ts";
import type { EvaluationRecipe, Normalization } from "./views/recipe.ts";

/**
 * Whose centre is cut out where there is no middle pixel: open_clip rounds half to even, transformers, whose processor
 * Stable unCLIP uses, rounds down. They differ by a pixel where the side less the size leaves 3 when divided by 4.
 */
export type ClipCrop = "open_clip" | "transformers";

/** How images are cut for CLIP. */
export interface ClipViewOptions {
  /** Height and width of the result, in pixels (default 224). */
  readonly size?: number;
  /** Whose centre crop (default open_clip's). */
  readonly crop?: ClipCrop;
}

/**
 * The evaluation view of open_clip: the shorter side is resized to the size itself.
 *
 * Source: open_clip, `transform.py`, `image_transform_v2` with `is_train` false.
 *
 * @param normalize statistics of the model's weights (default OpenAI's, which most weights were trained with)
 */
export function clipEvaluationView(
  size = 224,
  normalize: Normalization = CLIP_NORMALIZATION,
): EvaluationRecipe {
  return { size, shorterSide: size, interpolation: "bicubic", normalize };
}

/**
 * Where CLIP's view of an image lies.
 *
 * Source: for transformers `image_transforms.py`, `get_resize_output_image_size` and `center_crop`.
 */
export function placeClipView(
  width: number,
  height: number,
  { size = 224, crop = "open_clip" }: ClipViewOptions = {},
): Placement {
  const placement = placeEvaluation(clipEvaluationView(size), width, height);
  if (crop === "open_clip") return placement;
  const { resized } = placement;
  return {
    ...placement,
    left: Math.floor((resized.width - size) / 2),
    top: Math.floor((resized.height - size) / 2),
  };
}

/**
 * Resizes an image and cuts the centre out, with the very pixels that the publisher's code makes of it on Pillow.
 *
 * @returns uint8 `[size, size, 3]`
 */
export function cutClipView(
  image: RgbImage,
  options: ClipViewOptions = {},
): Uint8Array<ArrayBuffer> {
  const placement = placeClipView(image.width, image.height, options);
  const view = new Uint8Array(3 * placement.size ** 2);
  cutView(image, placement, view, 0);
  return view;
}
