/**
 * Decoding at a reduced scale, where that is enough for the views.
 *
 * @module
 */
import type { EncodedImage, Reduction } from "../decode/encoded_image.ts";
import type { Placement } from "./placement.ts";

const REDUCTIONS: readonly Reduction[] = [9, 5, 3];

/**
 * How much more a view must still shrink after the reduction. At 1.5, views of photographs differ from those at full
 * scale by at most 1 of 255 in the mean; at 1 it would be 2.
 */
const MARGIN = 1.5;

/** The largest reduction at which no view of the image needs pixels that are then gone. */
export function reductionFor(image: EncodedImage, placements: readonly Placement[]): Reduction {
  if (!image.reducible) return 1;
  const shrink = Math.min(
    ...placements.map(({ crop, resized }) =>
      Math.min(crop.width / resized.width, crop.height / resized.height)
    ),
  );
  return REDUCTIONS.find((reduction) => shrink >= MARGIN * reduction) ?? 1;
}
