/**
 * Random rotation.
 *
 * @module
 */
import { rotateImage } from "../../geometry/rotate_image.ts";
import type { AffineInterpolation } from "../../geometry/transform_image.ts";
import type { Range } from "../range.ts";
import type { GeometricStep } from "./step.ts";

/**
 * Rotation by a random angle about the middle of the view, which keeps its size; as torchvision's `RandomRotation` on
 * Pillow images without `expand`. Views are rotated after the crop, the resize and the flip.
 */
export interface RotationRecipe {
  /** Probability of the rotation (default 1, as torchvision has it). */
  readonly probability?: number;
  /** Degrees counter-clockwise: a range, or the largest to both sides. */
  readonly degrees: number | Range;
  /** How pixels are read between others (default `nearest`). */
  readonly interpolation?: AffineInterpolation;
  /** Level in [0, 255] of what comes in from outside, for all channels or for each (default 0). */
  readonly fill?: number | readonly [red: number, green: number, blue: number];
}

function rangeOf(degrees: number | Range): Range {
  return typeof degrees === "number" ? [-degrees, degrees] : degrees;
}

const LEVEL = { type: "integer", minimum: 0, maximum: 255 } as const;

/** Rotation; what is sampled is the angle in degrees. Source: torchvision, `RandomRotation`. */
export const rotation: GeometricStep<"rotation", RotationRecipe, number> = {
  name: "rotation",
  kind: "geometric",
  schema: {
    type: "object",
    required: ["degrees"],
    additionalProperties: false,
    properties: {
      probability: { type: "number", minimum: 0, maximum: 1 },
      degrees: {
        type: ["number", "array"],
        minimum: 0,
        items: { type: "number" },
        minItems: 2,
        maxItems: 2,
      },
      interpolation: { enum: ["nearest", "bilinear", "bicubic"] },
      fill: { ...LEVEL, type: ["integer", "array"], items: LEVEL, minItems: 3, maxItems: 3 },
    },
  },
  none: 0,
  isUsed: ({ probability = 1 }) => probability > 0,
  changes: (angle) => angle !== 0,
  sample({ probability = 1, degrees }, random) {
    return random.chance(probability) ? random.uniform(...rangeOf(degrees)) : 0;
  },
  movePixels(pixels, size, angle, { interpolation = "nearest", fill = 0 }) {
    const levels = typeof fill === "number" ? [fill, fill, fill] : fill;
    return rotateImage(pixels, size, angle, { interpolation, fill: levels });
  },
  moveMask(mask, size, angle, { interpolation = "nearest" }) {
    return rotateImage(mask, size, angle, { interpolation, fill: [0] });
  },
};
