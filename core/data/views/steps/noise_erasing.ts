/**
 * Random erasing of a rectangle, filled with noise.
 *
 * @module
 */
import { RandomStream } from "../../../engine/random/random_stream.ts";
import type { Range } from "../range.ts";
import { type ErasedBox, erasing } from "./erasing.ts";
import type { GeometricStep } from "./step.ts";

/**
 * Erasing of a random rectangle, whose pixels become noise: of each channel of each pixel a number of its own from a normal
 * distribution. It comes after all other steps on 8-bit images, and the noise is of 8 bits too, as mmpretrain's; timm's
 * `--remode pixel` draws it after the normalisation, where about 3 % of the numbers lie beyond black and white.
 */
export interface NoiseErasingRecipe {
  /** Default 0.25. */
  readonly probability?: number;
  /** Fraction of the view's area (default [0.02, 1/3]). */
  readonly scale?: Range;
  /** Height over width; the draw is uniform in its logarithm (default [0.3, 1/0.3]). */
  readonly ratio?: Range;
  /** Mean level of the noise, for each channel (default 128). */
  readonly mean?: readonly [red: number, green: number, blue: number];
  /** Standard deviation of its levels, for each channel (default 64). */
  readonly std?: readonly [red: number, green: number, blue: number];
}

/** A rectangle, and the noise in it. */
export interface NoiseErasedBox extends ErasedBox {
  /** Seed of the noise. */
  readonly noise: number;
}

const LEVELS = {
  type: "array",
  items: { type: "number", minimum: 0, maximum: 255 },
  minItems: 3,
  maxItems: 3,
} as const;

const CHANNELS = 3;

/**
 * Erasing with noise. Source: timm, `data/random_erasing.py`, mode `pixel`, for the rectangle; mmpretrain,
 * `datasets/transforms/processing.py`, `RandomErasing` in mode `rand`, for the noise.
 */
export const noiseErasing: GeometricStep<"noiseErasing", NoiseErasingRecipe, NoiseErasedBox> = {
  name: "noiseErasing",
  kind: "geometric",
  schema: {
    type: "object",
    additionalProperties: false,
    properties: {
      probability: { type: "number", minimum: 0, maximum: 1 },
      scale: {
        ...LEVELS,
        items: { type: "number", minimum: 0, maximum: 1 },
        minItems: 2,
        maxItems: 2,
      },
      ratio: {
        ...LEVELS,
        items: { type: "number", exclusiveMinimum: 0 },
        minItems: 2,
        maxItems: 2,
      },
      mean: LEVELS,
      std: LEVELS,
    },
  },
  none: { ...erasing.none, noise: 0 },
  isUsed: ({ probability = 0.25 }) => probability > 0,
  changes: (box) => erasing.changes(box),
  sample({ probability = 0.25, scale = [0.02, 1 / 3], ratio = [0.3, 1 / 0.3] }, random, size) {
    const box = erasing.sample({ probability, scale, ratio }, random, size);
    return erasing.changes(box) ? { ...box, noise: random.uint32() } : noiseErasing.none;
  },
  movePixels(pixels, size, { top, left, height, width, noise }, recipe) {
    const { mean = [128, 128, 128], std = [64, 64, 64] } = recipe;
    const random = new RandomStream(noise, "noise erasing");
    const erased = pixels.slice();
    for (let row = top; row < top + height; row++) {
      const from = CHANNELS * (row * size + left);
      for (let i = from; i < from + CHANNELS * width; i++) {
        const channel = i % CHANNELS;
        const level = random.normal(mean[channel], std[channel]);
        erased[i] = Math.min(Math.max(Math.round(level), 0), 255);
      }
    }
    return erased;
  },
  // What is erased of a view is not there to be seen, but its mask says what the image shows, as by any erasing.
  moveMask: (mask) => mask,
};
