/**
 * Gaussian blur of random width.
 *
 * @module
 */
import { blurKernelLength, gaussianBlur } from "../../photometry/gaussian_blur.ts";
import type { Range } from "../range.ts";
import type { PhotometricStep } from "./step.ts";

/** Gaussian blur of random width. */
export interface BlurRecipe {
  /** Probability of the blur. */
  readonly probability: number;
  /** Standard deviation in pixels of the view. */
  readonly sigma: Range;
}

/** Gaussian blur; what is sampled is the standard deviation in pixels, 0 is no blur. Source: `moco/moco/loader.py`. */
export const blur: PhotometricStep<"blur", BlurRecipe, number> = {
  name: "blur",
  kind: "photometric",
  commutes: true,
  schema: {
    type: "object",
    required: ["probability", "sigma"],
    additionalProperties: false,
    properties: {
      probability: { type: "number", minimum: 0, maximum: 1 },
      sigma: {
        type: "array",
        items: { type: "number", exclusiveMinimum: 0 },
        minItems: 2,
        maxItems: 2,
      },
    },
  },
  none: 0,
  isUsed: ({ probability }) => probability > 0,
  changes: (sigma) => sigma > 0,
  sample: ({ probability, sigma }, random) =>
    random.chance(probability) ? random.uniform(...sigma) : 0,
  packed: { blur_sigma: { dtype: "float32", shape: [] } },
  pack: (sigma) => ({ blur_sigma: [sigma] }),
  graph: (pixels, { inputs, size, recipe: { sigma: [, widest] } }) =>
    gaussianBlur(pixels, inputs["blur_sigma"]!, { kernelLength: blurKernelLength(size), widest }),
  kernel: {
    kind: "graph",
    build: (pixels, strength, { sigma: [, widest] }, channelBlock) =>
      gaussianBlur(pixels, strength, {
        kernelLength: blurKernelLength(pixels.shape[2]!),
        channelBlock,
        widest,
      }),
    strength: (sigma) => sigma,
  },
};
