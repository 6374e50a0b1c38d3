/**
 * Random solarization.
 *
 * @module
 */
import { add } from "../../../engine/ops/add.ts";
import { greaterOrEqual } from "../../../engine/ops/greater_or_equal.ts";
import { mul } from "../../../engine/ops/mul.ts";
import { sub } from "../../../engine/ops/sub.ts";
import { where } from "../../../engine/ops/where.ts";
import { defineFunction, f32x4, repeat } from "../../geometry/web_assembly.ts";
import { WHITE } from "../../photometry/color_jitter.ts";
import { perSample } from "../../photometry/color_map.ts";
import {
  channelsOf,
  constantsOf,
  FOUR_FLOATS,
  numbersOf,
  three,
} from "../../photometry/pixel_kernels.ts";
import type { PhotometricStep } from "./step.ts";

/** Inversion of the bright pixels: v becomes 255 - v from the threshold on. */
export interface SolarizeRecipe {
  /** Probability of the solarization. */
  readonly probability: number;
  /** In [0, 255]. */
  readonly threshold: number;
}

/** Beyond every threshold. */
const NEVER = 1e6;

/** Inverts what is not below the table's number. */
const invertFrom = defineFunction(
  "invertFrom",
  ["red", "green", "blue", "length", "table"],
  ({ red, green, blue, length, table }, declare) => {
    const { numbers: [threshold], read: readTable } = numbersOf(table, 1, declare);
    const { constants: [white], set } = constantsOf([f32x4.of(WHITE)], declare);
    const { values, read, write, advance } = channelsOf([red, green, blue], declare);
    const inverted = (channel: number) => {
      const { value } = values[channel]!;
      return f32x4.chooseFrom(value, threshold!, f32x4.sub(white!, value), value);
    };
    return [
      ...readTable,
      ...set,
      repeat(length, FOUR_FLOATS, ...read, ...write(three(inverted)), ...advance),
    ];
  },
);

/** Solarization. Source: torchvision, `RandomSolarize`. */
export const solarize: PhotometricStep<"solarize", SolarizeRecipe, boolean> = {
  name: "solarize",
  kind: "photometric",
  schema: {
    type: "object",
    required: ["probability", "threshold"],
    additionalProperties: false,
    properties: {
      probability: { type: "number", minimum: 0, maximum: 1 },
      threshold: { type: "number", minimum: 0, maximum: 255 },
    },
  },
  none: false,
  isUsed: ({ probability }) => probability > 0,
  changes: (sampled) => sampled,
  sample: ({ probability }, random) => random.chance(probability),
  packed: { solarize: { dtype: "float32", shape: [] } },
  pack: (sampled) => ({ solarize: [Number(sampled)] }),
  graph(pixels, { inputs, recipe: { threshold } }) {
    const from = perSample(add(mul(sub(1, inputs["solarize"]!), NEVER), threshold));
    return where(greaterOrEqual(pixels, from), sub(WHITE, pixels), pixels);
  },
  kernel: {
    kind: "pixels",
    functions: [invertFrom],
    apply: (view, _, { threshold }) => view.run("invertFrom", [threshold]),
  },
};
