/**
 * The ranges of the options by which variations are made and drawn.
 *
 * @module
 */
import { validate } from "../schema/validate.ts";

const COUNT = { type: "integer", minimum: 1 } as const;
const LEVEL = { type: "integer", minimum: 0, maximum: 999 } as const;

const SCHEMA = {
  type: "object",
  properties: {
    noiseLevel: LEVEL,
    levels: { type: "array", items: LEVEL, minItems: 1 },
    count: COUNT,
    cell: { type: "integer", minimum: 32 },
    batchSize: COUNT,
    numImagesPerPrompt: COUNT,
    seed: { type: "integer", minimum: 0 },
    shardSize: { type: "integer", minimum: 0 },
    size: { type: "integer", minimum: 0 },
    format: { enum: ["source", "png", "jpeg"] },
    quality: { type: "integer", minimum: 1, maximum: 100 },
    numInferenceSteps: { type: "integer", minimum: 1, maximum: 1000 },
    scale: { type: "number", minimum: 1 },
    condition: { enum: ["image", "text", "image-text"] },
    precision: { enum: ["auto", "float32", "float16"] },
    threads: { type: "integer", minimum: 0, maximum: 1024 },
    workers: { type: "integer", minimum: 0, maximum: 256 },
    retries: { type: "integer", minimum: 0 },
  },
} as const;

/**
 * Checks those options that are given.
 *
 * @param action what cannot be done with wrong ones, such as `draw a grid`
 * @throws {TypeError} if some are out of range, naming all
 */
export function checkOptions(options: object, action: string): void {
  validate(SCHEMA, options, action, "options");
}
