/**
 * Random conversion to gray.
 *
 * @module
 */
import { add } from "../../../engine/ops/add.ts";
import { mul } from "../../../engine/ops/mul.ts";
import { reshape } from "../../../engine/ops/reshape.ts";
import { sub } from "../../../engine/ops/sub.ts";
import { IDENTITY, TO_GRAY } from "../../photometry/color_map.ts";
import type { PhotometricStep } from "./step.ts";

/** Conversion to gray; its recipe is the probability. Source: torchvision, `RandomGrayscale`. */
export const grayscale: PhotometricStep<"grayscale", number, boolean> = {
  name: "grayscale",
  kind: "photometric",
  schema: { type: "number", minimum: 0, maximum: 1 },
  none: false,
  isUsed: (probability) => probability > 0,
  changes: (sampled) => sampled,
  sample: (probability, random) => random.chance(probability),
  packed: { grayscale: { dtype: "float32", shape: [] } },
  pack: (sampled) => ({ grayscale: [Number(sampled)] }),
  // The map to gray where the gate is 1, the identity where it is 0.
  colorMap: ({ inputs }) =>
    add(IDENTITY, mul(reshape(inputs["grayscale"]!, [-1, 1, 1]), sub(TO_GRAY, IDENTITY))),
  kernel: { kind: "pixels", apply: (view) => view.blend(0, 1, 0) },
};
