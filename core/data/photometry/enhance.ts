/**
 * Colour, contrast, brightness and sharpness of 8-bit images, as Pillow's `ImageEnhance` has them: a blend of the image
 * with one that lacks what is enhanced. Images are uint8 `[H, W, 3]`; by the factor 1 nothing changes.
 *
 * @module
 */

type Pixels = Uint8Array<ArrayBuffer>;

const CHANNELS = 3;

/** Weights of red, green and blue in luma, in 16-bit fixed-point arithmetic. Source: Pillow, `src/libImaging/Convert.c`. */
const LUMA = [19595, 38470, 7471] as const;

/** Luma of a pixel, as Pillow converts to `L`. */
function luma(pixels: Pixels, at: number): number {
  const [red, green, blue] = LUMA;
  const sum = pixels[at]! * red + pixels[at + 1]! * green + pixels[at + 2]! * blue;
  return (sum + 0x8000) >> 16;
}

/** `lacking + factor (image - lacking)` in single precision, as `Image.blend` of Pillow. */
function blend(image: Pixels, lacking: (i: number) => number, factor: number): Pixels {
  const share = Math.fround(factor);
  return image.map((level, i) => {
    const from = lacking(i);
    const value = Math.fround(from + Math.fround(share * (level - from)));
    return value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
  });
}

/** Blends with the image in grey. */
export function enhanceColor(pixels: Pixels, factor: number): Pixels {
  return blend(pixels, (i) => luma(pixels, i - i % CHANNELS), factor);
}

/** Blends with its mean grey. */
export function enhanceContrast(pixels: Pixels, factor: number): Pixels {
  let sum = 0;
  for (let i = 0; i < pixels.length; i += CHANNELS) sum += luma(pixels, i);
  const mean = Math.trunc(sum / (pixels.length / CHANNELS) + 0.5);
  return blend(pixels, () => mean, factor);
}

/** Blends with black. */
export function enhanceBrightness(pixels: Pixels, factor: number): Pixels {
  return blend(pixels, () => 0, factor);
}

/** Weights of a pixel's neighbours and of the pixel itself in a smooth image. Source: Pillow, `ImageFilter.SMOOTH`. */
const [NEIGHBOUR, MIDDLE] = [Math.fround(1 / 13), Math.fround(5 / 13)];

/** Weighted sum of three neighbours in a line, in single precision. */
function lineSum(pixels: Pixels, at: number, middle: number): number {
  const before = Math.fround(pixels[at - CHANNELS]! * NEIGHBOUR);
  const both = Math.fround(before + Math.fround(pixels[at]! * middle));
  return Math.fround(both + Math.fround(pixels[at + CHANNELS]! * NEIGHBOUR));
}

/** The image smoothed, but for its outermost pixels. */
function smooth(pixels: Pixels, width: number): Pixels {
  const smoothed = pixels.slice();
  const line = width * CHANNELS;
  const height = pixels.length / line;
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * line + CHANNELS; i < (y + 1) * line - CHANNELS; i++) {
      // From the line below upwards, as Pillow adds them; half a level rounds.
      let sum = Math.fround(0.5 + lineSum(pixels, i + line, NEIGHBOUR));
      sum = Math.fround(sum + lineSum(pixels, i, MIDDLE));
      sum = Math.fround(sum + lineSum(pixels, i - line, NEIGHBOUR));
      smoothed[i] = Math.min(255, Math.trunc(sum));
    }
  }
  return smoothed;
}

/**
 * Blends with the image smoothed.
 *
 * @param width of the image in pixels
 */
export function enhanceSharpness(pixels: Pixels, factor: number, width: number): Pixels {
  const smoothed = smooth(pixels, width);
  return blend(pixels, (i) => smoothed[i]!, factor);
}
