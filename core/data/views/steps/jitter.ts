/**
 * Colour jitter.
 *
 * @module
 */
import type { RandomStream } from "../../../engine/random/random_stream.ts";
import { colorJitter, JITTER_STEPS, type JitterOrder } from "../../photometry/color_jitter.ts";
import { turnOf } from "../../photometry/hue.ts";
import { turnHue } from "../../photometry/pixel_kernels.ts";
import type { PixelView } from "../../photometry/pixel_view.ts";
import type { PhotometricStep } from "./step.ts";

/**
 * Colour jitter in random order. A strength x of brightness, contrast or saturation draws the factor from
 * [max(0, 1 - x), 1 + x], of hue the shift from [-x, x] turns; the strength 0 leaves that part out.
 */
export interface JitterRecipe {
  /** Probability of the jitter. */
  readonly probability: number;
  /** Strength. */
  readonly brightness: number;
  /** Strength. */
  readonly contrast: number;
  /** Strength. */
  readonly saturation: number;
  /** In turns of the colour circle, at most 0.5. */
  readonly hue: number;
}

/** Colour jitter of one view; a part whose factor is the identity is left out. */
export interface JitterParameters {
  /** Whether there is any. */
  readonly apply: boolean;
  /** The part that is applied first, second, third and last. */
  readonly order: JitterOrder;
  /** Factor; the identity is 1. */
  readonly brightness: number;
  /** Factor; the identity is 1. */
  readonly contrast: number;
  /** Factor; the identity is 1. */
  readonly saturation: number;
  /** Shift in turns of the colour circle, in [-0.5, 0.5]; the identity is 0. */
  readonly hue: number;
}

const STRENGTH = { type: "number", minimum: 0 } as const;

/** A factor around 1, never below 0. */
function sampleFactor(strength: number, random: RandomStream): number {
  return strength === 0 ? 1 : random.uniform(Math.max(0, 1 - strength), 1 + strength);
}

/** Shifts hues by turns in [-0.5, 0.5]. */
function shiftHues(view: PixelView, turns: number): void {
  const { sources, targets, rest, inverted } = turnOf(turns);
  view.run("turnHue", inverted ? [rest, -1, 1] : [rest, 1, 0], [...sources, ...targets]);
}

/** Colour jitter. Source: torchvision, `transforms/transforms.py`, `RandomApply` of `ColorJitter`. */
export const jitter: PhotometricStep<"jitter", JitterRecipe, JitterParameters> = {
  name: "jitter",
  kind: "photometric",
  schema: {
    type: "object",
    required: ["probability", "brightness", "contrast", "saturation", "hue"],
    additionalProperties: false,
    properties: {
      probability: { type: "number", minimum: 0, maximum: 1 },
      brightness: STRENGTH,
      contrast: STRENGTH,
      saturation: STRENGTH,
      hue: { type: "number", minimum: 0, maximum: 0.5 },
    },
  },
  none: { apply: false, order: [0, 1, 2, 3], brightness: 1, contrast: 1, saturation: 1, hue: 0 },
  isUsed: ({ probability }) => probability > 0,
  changes: ({ apply }) => apply,
  sample({ probability, brightness, contrast, saturation, hue }, random) {
    if (!random.chance(probability)) return jitter.none;
    const [first, second, third, last] = random.permutation(4);
    return {
      apply: true,
      order: [first!, second!, third!, last!],
      brightness: sampleFactor(brightness, random),
      contrast: sampleFactor(contrast, random),
      saturation: sampleFactor(saturation, random),
      hue: hue === 0 ? 0 : random.uniform(-hue, hue),
    };
  },
  packed: {
    brightness: { dtype: "float32", shape: [] },
    contrast: { dtype: "float32", shape: [] },
    saturation: { dtype: "float32", shape: [] },
    hue: { dtype: "float32", shape: [] },
    jitter_order: { dtype: "int64", shape: [4] },
  },
  pack: ({ brightness, contrast, saturation, hue, order }) => ({
    brightness: [brightness],
    contrast: [contrast],
    saturation: [saturation],
    hue: [hue],
    jitter_order: order,
  }),
  graph: (pixels, { inputs }) =>
    colorJitter(pixels, {
      brightness: inputs["brightness"]!,
      contrast: inputs["contrast"]!,
      saturation: inputs["saturation"]!,
      hue: inputs["hue"]!,
      order: inputs["jitter_order"]!,
    }),
  kernel: {
    kind: "pixels",
    functions: [turnHue],
    apply(view, sampled) {
      for (const step of sampled.order) {
        const name = JITTER_STEPS[step]!;
        // As graphs take it.
        const factor = Math.fround(sampled[name]);
        if (factor === (name === "hue" ? 0 : 1)) continue;
        if (name === "brightness") view.blend(factor, 0, 0);
        else if (name === "contrast") view.blend(factor, 0, (1 - factor) * view.meanGray());
        else if (name === "saturation") view.blend(factor, 1 - factor, 0);
        else shiftHues(view, factor);
      }
    },
  },
};
