/**
 * Drawing of crops.
 *
 * @module
 */
import type { RandomStream } from "../../engine/random/random_stream.ts";
import type { CropBox } from "./parameters.ts";
import type { CropRecipe } from "./recipe.ts";
import { roundHalfToEven } from "./round_half_to_even.ts";

/** Draws of a crop before the central one is taken. */
const ATTEMPTS = 10;

/** The largest central crop whose aspect is allowed. */
function centralCrop({ aspect: [lowest, highest] }: CropRecipe, width: number, height: number) {
  const box = { width, height };
  if (width / height < lowest) box.height = roundHalfToEven(width / lowest);
  else if (width / height > highest) box.width = roundHalfToEven(height * highest);
  return {
    left: Math.floor((width - box.width) / 2),
    top: Math.floor((height - box.height) / 2),
    ...box,
  };
}

/**
 * Draws a crop of random area and aspect: up to ten times, until one fits into the image; then the central one.
 *
 * Source: torchvision, `transforms/transforms.py`, `RandomResizedCrop.get_params`.
 *
 * @param width width of the image in pixels
 * @param height height of the image in pixels
 */
export function sampleCrop(
  recipe: CropRecipe,
  width: number,
  height: number,
  random: RandomStream,
): CropBox {
  const [lowest, highest] = recipe.aspect;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const area = width * height * random.uniform(...recipe.area);
    const aspect = Math.exp(random.uniform(Math.log(lowest), Math.log(highest)));
    const cropWidth = roundHalfToEven(Math.sqrt(area * aspect));
    const cropHeight = roundHalfToEven(Math.sqrt(area / aspect));
    if (cropWidth > 0 && cropWidth <= width && cropHeight > 0 && cropHeight <= height) {
      const top = random.integer(height - cropHeight + 1);
      const left = random.integer(width - cropWidth + 1);
      return { left, top, width: cropWidth, height: cropHeight };
    }
  }
  return centralCrop(recipe, width, height);
}
