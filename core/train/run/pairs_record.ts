/**
 * What is written beside the picture of the pairs of an epoch, so that programs need not read numbers off it.
 *
 * @module
 */
import { join } from "node:path";
import { ifThere } from "../../files/if_there.ts";
import { readJson } from "../../files/json.ts";
import { type GridPlace, gridPlaces } from "../../plot/image_grid.ts";
import { validate } from "../../schema/validate.ts";
import { gridOfPairs } from "./pairs_picture.ts";
import type { JudgedPairs } from "./train_event.ts";

/** One pair of views, and how it was judged. */
export interface RecordedPair {
  /** Cosine similarity of the foregrounds. */
  readonly foreground: number;
  /** Cosine similarity of the backgrounds. */
  readonly background: number;
  /** Weight in the loss; the mean of a batch is 1. */
  readonly weight: number;
  /** Where the views lie in the picture. */
  readonly views: readonly [GridPlace, GridPlace];
  /** Where their foreground maps lie in it. */
  readonly maps: readonly [GridPlace, GridPlace];
}

/** The pairs of an epoch, as `pairs/epoch-N.json` has them beside `pairs/epoch-N.png`. */
export interface PairsRecord {
  /** Of this form. */
  readonly version: 1;
  /** Whole epochs that were finished before. */
  readonly epoch: number;
  /** The pairs, from the largest weight to the smallest. */
  readonly pairs: readonly RecordedPair[];
}

const PIXELS = { type: "integer", minimum: 0, maximum: 1_000_000 };

const PLACE = {
  type: "object",
  required: ["left", "top", "width", "height"],
  properties: { left: PIXELS, top: PIXELS, width: PIXELS, height: PIXELS },
};

const PLACES = { type: "array", minItems: 2, maxItems: 2, items: PLACE };

const SCHEMA = {
  type: "object",
  required: ["version", "epoch", "pairs"],
  properties: {
    version: { enum: [1] },
    epoch: { type: "integer", minimum: 0 },
    pairs: {
      type: "array",
      items: {
        type: "object",
        required: ["foreground", "background", "weight", "views", "maps"],
        properties: {
          foreground: { type: "number" },
          background: { type: "number" },
          weight: { type: "number" },
          views: PLACES,
          maps: PLACES,
        },
      },
    },
  },
} as const;

/** Paths of the picture and of the record of an epoch's pairs in a run's folder. */
export function pairsPaths(
  output: string,
  epoch: number,
): { readonly picture: string; readonly record: string } {
  const path = join(output, "pairs", `epoch-${epoch}`);
  return { picture: `${path}.png`, record: `${path}.json` };
}

/** What is recorded of pairs, with the places that they have in the picture which `drawPairs` draws of them. */
export function recordPairs(pairs: JudgedPairs): PairsRecord {
  const places = gridPlaces(gridOfPairs(pairs));
  return {
    version: 1,
    epoch: pairs.epoch,
    pairs: Array.from(pairs.weights, (weight, pair) => {
      const [view, map, other, otherMap] = places.slice(4 * pair) as [
        GridPlace,
        GridPlace,
        GridPlace,
        GridPlace,
      ];
      return {
        foreground: pairs.foreground[pair]!,
        background: pairs.background[pair]!,
        weight,
        views: [view, other],
        maps: [map, otherMap],
      };
    }),
  };
}

/**
 * Reads what was recorded of pairs; undefined if there is no such file, as of runs of earlier versions.
 *
 * @throws {SyntaxError} if the file is no JSON
 * @throws {TypeError} if it is of another form
 */
export async function readPairsRecord(path: string): Promise<PairsRecord | undefined> {
  const found = await ifThere(readJson(path));
  if (found === undefined) return undefined;
  return validate<PairsRecord>(SCHEMA, found, `read ${path}`, "the record");
}
