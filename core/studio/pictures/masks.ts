/**
 * Images with the scores of their tokens, of which a threshold makes masks.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { GenviewNotFound, GenviewRangeError } from "../../errors/mod.ts";
import { ifThere } from "../../files/if_there.ts";
import { mirroredPath } from "../../masking/mod.ts";
import type { NoiseSchedule } from "../../noise/mod.ts";
import { fileSource } from "../../data/dataset_of.ts";
import { evenIndices } from "../../data/even_indices.ts";
import type { MasksAnswer } from "../api/pictures.ts";
import { below } from "../confined_files.ts";
import { analysedKeys, openAnalysis, type RecordedAnalysis, scoresOf } from "./analysis_scores.ts";
import {
  analysisFolder,
  type FindImage,
  folderOf,
  openRecordedImages,
  recordedSchedule,
} from "./output_folder.ts";
import type { PictureContext } from "./picture_context.ts";
import { cutPicture } from "./thumbnails.ts";

/** Which masks are asked for. */
export interface MasksQuery {
  /** Folder of a pipeline or an extraction, as a path below the studio's root. */
  readonly output: string;
  /** Images. */
  readonly count: number;
}

/** Images whose scores the curve of shares is made of, at most. */
const SAMPLED = 256;

/** Intervals between the thresholds of the curve. */
const INTERVALS = 100;

/**
 * Upper bounds of the foreground ratios of each noise level, and the levels.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { GENVIEW_NOISE_SCHEDULE } from "../../noise/mod.ts";
 * import { boundsOf } from "./masks.ts";
 *
 * assertEquals(boundsOf(GENVIEW_NOISE_SCHEDULE), {
 *   bounds: [0.2, 0.4, 0.6, 0.8, 1],
 *   levels: [0, 100, 200, 300, 400],
 * });
 * ```
 */
export function boundsOf({ edges, levels }: NoiseSchedule): Pick<MasksAnswer, "bounds" | "levels"> {
  // A range ends where the next begins, the last nowhere.
  const ranges = levels.map((level, i) => ({ level, bound: edges[i + 1] ?? Infinity }));
  const end = ranges.findIndex(({ bound }) => bound >= 1);
  const reached = ranges.slice(0, end + 1).filter(({ bound }) => bound >= 0);
  return {
    bounds: reached.map(({ bound }) => Math.min(bound, 1)),
    levels: reached.map(({ level }) => level),
  };
}

/** Shares of scores above thresholds that lie evenly from the lowest to the highest. */
function sharesOf(scores: readonly Float32Array[]): MasksAnswer["shares"] {
  const count = scores.reduce((sum, { length }) => sum + length, 0);
  const sorted = new Float32Array(count);
  let at = 0;
  for (const each of scores) {
    sorted.set(each, at);
    at += each.length;
  }
  sorted.sort();
  const [lowest, highest] = [sorted[0]!, sorted.at(-1)!];
  let below = 0;
  return Array.from({ length: INTERVALS + 1 }, (_, i) => {
    const threshold = i === INTERVALS ? highest : lowest + (highest - lowest) * i / INTERVALS;
    while (below < count && sorted[below]! <= threshold) below++;
    return { threshold, share: (count - below) / count };
  });
}

/** What is kept of an answer: all but its pictures. */
interface CachedMasks {
  readonly shares: MasksAnswer["shares"];
  readonly sampled: number;
  /** Scores of each image that is shown, in their order. */
  readonly scores: readonly (readonly number[])[];
}

async function scoreAll(
  analysis: RecordedAnalysis,
  keys: readonly string[],
  shown: readonly string[],
  signal: AbortSignal,
): Promise<CachedMasks> {
  const sampled = evenIndices(keys.length, SAMPLED).map((at) => keys[at]!);
  const found = new Map<string, Float32Array>();
  for (const key of new Set([...sampled, ...shown])) {
    signal.throwIfAborted();
    const scores = await scoresOf(analysis, key);
    const wrong = scores.find((score) => !Number.isFinite(score));
    if (wrong !== undefined) {
      throw new GenviewRangeError(
        `Cannot show masks of ${analysis.folder}: features must be finite, found ${wrong} among the scores of ${key}`,
      );
    }
    found.set(key, scores);
  }
  return {
    shares: sharesOf(sampled.map((key) => found.get(key)!)),
    sampled: sampled.length,
    scores: shown.map((key) => Array.from(found.get(key)!)),
  };
}

/** The picture of an image as the network has seen it: the one that the analysis has drawn, or its image cut alike. */
async function pictureOf(
  context: PictureContext,
  analysis: string,
  key: string,
  recorded: RecordedAnalysis,
  find: FindImage,
): Promise<Uint8Array<ArrayBuffer>> {
  const { imageSize: size, shorterSide } = recorded;
  const path = below(analysis, `original_images/${mirroredPath(key)}.png`);
  const drawn = await ifThere(context.resolve(path));
  if (drawn !== undefined) {
    const whole = { size, shorterSide: size, interpolation: "bilinear" } as const;
    return await cutPicture(context.files.source(fileSource(drawn)), whole);
  }
  const source = find(key);
  if (source !== undefined) {
    return await cutPicture(source, { size, shorterSide, interpolation: "bicubic" });
  }
  throw new GenviewNotFound(`Cannot show ${key}: it is no image of ${recorded.images} any more`);
}

/**
 * Images of an analysis with the scores of their tokens and the threshold in use, from which masks are had by any threshold;
 * and the levels that their ratios of foreground get.
 *
 * @throws {TypeError} if the folder's files are of another form
 * @throws {Deno.errors.NotFound} if it holds no analysis
 */
export async function masksOf(
  context: PictureContext,
  { output, count }: MasksQuery,
  signal: AbortSignal,
): Promise<MasksAnswer> {
  const folder = await analysisFolder(context, output);
  const schedule = await recordedSchedule(context, output);
  const analysis = await openAnalysis(context, folder);
  const { threshold, grid, component } = analysis;
  return await context.quickWork.run(
    `masks ${folder} ${threshold} ${count}`,
    signal,
    async (signal) => {
      const keys = await analysedKeys(analysis);
      const shown = evenIndices(keys.length, count).map((at) => keys[at]!);
      const hash = createHash("sha256").update(new Uint8Array(component.slice().buffer));
      for (const key of keys) hash.update(`${key}\n`);
      const name = `masks ${analysis.folder} ${hash.digest("hex")} ${count}`;
      const kept = await context.cache.get(name);
      const found = kept === undefined
        ? await scoreAll(analysis, keys, shown, signal)
        : kept.facts as CachedMasks;
      if (kept === undefined) {
        await context.cache.put(name, { facts: found, bytes: new Uint8Array() });
      }
      const find = await openRecordedImages(context.files, analysis.images);
      const { shares, sampled, scores } = found;
      return {
        threshold,
        shares,
        sampled,
        ...boundsOf(schedule),
        images: shown.map((key, i) => ({
          key,
          label: folderOf(key),
          picture: context.pictures.add(
            `mask ${analysis.folder} ${key}`,
            () => pictureOf(context, folder, key, analysis, find),
          ),
          grid,
          scores: scores[i]!,
        })),
      };
    },
  );
}
