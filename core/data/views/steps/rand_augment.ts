/**
 * RandAugment.
 *
 * @module
 */
import type { AffineInterpolation, TransformOptions } from "../../geometry/transform_image.ts";
import {
  LARGEST_MAGNITUDE,
  RAND_AUGMENT_OPERATIONS,
  type RandAugmentName,
  type RandAugmentOperation,
} from "../rand_augment_operations.ts";
import type { GeometricStep } from "./step.ts";

/**
 * A few operations out of fifteen, each drawn by itself ({@link https://arxiv.org/abs/1909.13719 | Cubuk et al. 2020});
 * what is left out is timm's `rand-m9-mstd0.5-inc1`. Views are changed after the crop, the resize, the flip and the
 * rotation, as 8-bit images.
 */
export interface RandAugmentRecipe {
  /** Operations that are drawn for a view, with replacement (default 2). */
  readonly layers?: number;
  /** Probability that a drawn one is applied (default 0.5). */
  readonly probability?: number;
  /** Mean of the magnitudes, in [0, 10] (default 9). */
  readonly magnitude?: number;
  /** Their standard deviation, before they are limited to [0, 10] (default 0.5). */
  readonly deviation?: number;
  /** How moved pixels are read between others (default `bicubic`). */
  readonly interpolation?: AffineInterpolation;
  /** Level in [0, 255] of what comes in from outside, for each channel (default 128). */
  readonly fill?: readonly [red: number, green: number, blue: number];
}

/** An operation that was drawn. */
export interface RandAugmentDraw {
  /** The operation. */
  readonly operation: RandAugmentName;
  /** Degrees, a share of the view, a factor, a threshold, bits or levels, as the operation has it; 0 where it has none. */
  readonly argument: number;
}

const NAMES = Object.keys(RAND_AUGMENT_OPERATIONS) as RandAugmentName[];
const LEVEL = { type: "integer", minimum: 0, maximum: 255 } as const;

function operationOf({ operation }: RandAugmentDraw): RandAugmentOperation {
  return RAND_AUGMENT_OPERATIONS[operation];
}

function optionsOf({ interpolation = "bicubic", fill = [128, 128, 128] }: RandAugmentRecipe) {
  return { interpolation, fill } satisfies TransformOptions;
}

/**
 * RandAugment; what is sampled are the operations that are applied, in order. Source: timm, `data/auto_augment.py`,
 * `rand_augment_transform`.
 */
export const randAugment: GeometricStep<
  "randAugment",
  RandAugmentRecipe,
  readonly RandAugmentDraw[]
> = {
  name: "randAugment",
  kind: "geometric",
  schema: {
    type: "object",
    additionalProperties: false,
    properties: {
      layers: { type: "integer", minimum: 0 },
      probability: { type: "number", minimum: 0, maximum: 1 },
      magnitude: { type: "number", minimum: 0, maximum: LARGEST_MAGNITUDE },
      deviation: { type: "number", minimum: 0 },
      interpolation: { enum: ["nearest", "bilinear", "bicubic"] },
      fill: { type: "array", items: LEVEL, minItems: 3, maxItems: 3 },
    },
  },
  none: [],
  isUsed: ({ layers = 2, probability = 0.5 }) => layers > 0 && probability > 0,
  changes: (drawn) => drawn.length > 0,
  sample({ layers = 2, probability = 0.5, magnitude = 9, deviation = 0.5 }, random) {
    const drawn: RandAugmentDraw[] = [];
    for (let layer = 0; layer < layers; layer++) {
      const operation = NAMES[random.integer(NAMES.length)]!;
      if (!random.chance(probability)) continue;
      const strength = random.normal(magnitude, deviation);
      const limited = Math.min(Math.max(strength, 0), LARGEST_MAGNITUDE);
      const sign = random.chance(0.5) ? 1 : -1;
      drawn.push({
        operation,
        argument: RAND_AUGMENT_OPERATIONS[operation].argument(limited, sign),
      });
    }
    return drawn;
  },
  movePixels(pixels, size, drawn, recipe) {
    const options = optionsOf(recipe);
    return drawn.reduce(
      (image, draw) => operationOf(draw).apply(image, size, draw.argument, options),
      pixels,
    );
  },
  moveMask(mask, size, drawn, recipe) {
    const options = { ...optionsOf(recipe), fill: [0] };
    return drawn.reduce((image, draw) => {
      const operation = operationOf(draw);
      return operation.kind === "moves"
        ? operation.apply(image, size, draw.argument, options)
        : image;
    }, mask);
  },
};
