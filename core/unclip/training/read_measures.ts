/**
 * Measures of a generator, from the file that they were written to.
 *
 * @module
 */
import { readJson } from "../../files/json.ts";
import { validate } from "../../schema/validate.ts";
import type { LevelMeasures } from "./level_measures.ts";

const NUMBER = { type: "number" };
const MEASURE = {
  type: "object",
  required: ["similarity", "nearestIdentity", "distance"],
  properties: { similarity: NUMBER, nearestIdentity: NUMBER, distance: NUMBER },
};
const MEASURES = {
  type: "object",
  required: ["levels", "originals", "reconstructions", "others", "images", "bank", "encoder"],
  properties: {
    levels: {
      type: "array",
      items: {
        ...MEASURE,
        required: ["level", ...MEASURE.required],
        properties: { level: NUMBER, ...MEASURE.properties },
      },
    },
    originals: MEASURE,
    reconstructions: MEASURE,
    others: { ...MEASURE, required: ["similarity", "nearestIdentity"] },
    images: NUMBER,
    bank: NUMBER,
    encoder: { type: "string" },
  },
};

/**
 * Reads what `measureLevels` has written.
 *
 * @throws {Deno.errors.NotFound} if there is no such file
 * @throws {TypeError} if it is no JSON, or holds something else, such as what an earlier version measured
 */
export async function readLevelMeasures(path: string): Promise<LevelMeasures> {
  return validate<LevelMeasures>(
    MEASURES,
    await readJson(path),
    `read ${path}`,
    "what generator measure writes",
  );
}
