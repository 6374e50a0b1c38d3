/**
 * What a pipeline, or one of its stages alone, has left in an output folder, which may be anybody's.
 *
 * @module
 */
import { basename, dirname, isAbsolute, join } from "node:path";
import type { ImageSource } from "../../data/dataset.ts";
import { fileSource } from "../../data/dataset_of.ts";
import { isShardName } from "../../data/shards/shard_names.ts";
import { GenviewNotFound } from "../../errors/mod.ts";
import { ifThere } from "../../files/if_there.ts";
import { checkNoiseSchedule, GENVIEW_NOISE_SCHEDULE, type NoiseSchedule } from "../../noise/mod.ts";
import { below, entriesOf, plainFile, realPathOf } from "../confined_files.ts";
import { readPlainJson } from "../runs/plain_file.ts";
import type { StudioContext } from "../studio_context.ts";
import type { AllowedFiles } from "./allowed_files.ts";

/** Names of folders that are looked into, at most. */
const MOST_FOLDERS = 1000;

/** The folders in a folder, by name; none if there is no such folder. */
async function foldersIn(
  context: Pick<StudioContext, "resolve">,
  output: string,
): Promise<string[]> {
  const folder = await ifThere(context.resolve(output));
  if (folder === undefined || !(await Deno.stat(folder)).isDirectory) return [];
  const entries = await entriesOf(context, output);
  return entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name).sort()
    .slice(0, MOST_FOLDERS);
}

async function isThere(context: Pick<StudioContext, "resolve">, path: string): Promise<boolean> {
  return await ifThere(context.resolve(path)) !== undefined;
}

/**
 * The folder of an analysis of masks, as a path below the root: that of a pipeline's masks, an extraction's, or itself.
 *
 * @throws {Deno.errors.NotFound} if there is none
 */
export async function analysisFolder(
  context: Pick<StudioContext, "resolve">,
  output: string,
): Promise<string> {
  const isAnalysis = (folder: string) => isThere(context, below(folder, "threshold.json"));
  if (await isAnalysis(output)) return output;
  for (const parent of ["features/masks", ".", "features"]) {
    const folder = parent === "." ? output : below(output, parent);
    for (const name of await foldersIn(context, folder)) {
      if (await isAnalysis(below(folder, name))) return below(folder, name);
    }
  }
  throw new GenviewNotFound(
    `Cannot show masks of ${output}: it must hold an analysis (threshold.json), found none; run the stage features`,
  );
}

/**
 * The folder of variations, as a path below the root: a pipeline's, or itself.
 *
 * @throws {Deno.errors.NotFound} if there is none
 */
export async function variationsFolder(
  context: Pick<StudioContext, "resolve">,
  output: string,
): Promise<string> {
  for (const folder of [output, below(output, "variations")]) {
    const entries = await entriesOf(context, folder);
    const manifests = entries.filter(({ name }) => /^manifest(-\d+-of-\d+)?\.jsonl$/.test(name));
    for (const { name } of manifests) await plainFile(context, below(folder, name));
    if (manifests.length > 0) return folder;
  }
  throw new GenviewNotFound(
    `Cannot show variations of ${output}: it must hold a manifest.jsonl, found none; run the stage variations`,
  );
}

/** A JSON file of a folder; undefined if there is none. */
export async function readJsonBelow(
  context: Pick<StudioContext, "resolve">,
  path: string,
): Promise<unknown> {
  const real = await ifThere(context.resolve(path));
  return real && readPlainJson(real);
}

/** A value within plain data, by the names that lead to it; undefined where there is none. */
function within(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce<unknown>(
    (at, name) =>
      typeof at === "object" && at !== null && Object.hasOwn(at, name)
        ? (at as Readonly<Record<string, unknown>>)[name]
        : undefined,
    value,
  );
}

/**
 * The schedule by which a pipeline has given its images their noise levels, or GenView's where none is recorded.
 *
 * @throws {RangeError} if the record's is none
 */
export async function recordedSchedule(
  context: Pick<StudioContext, "resolve">,
  output: string,
): Promise<NoiseSchedule> {
  const record = await readJsonBelow(context, below(output, "pipeline.json"));
  const settings = within(record, "stages", "levels", "settings");
  const edges = within(settings, "ranges");
  const levels = within(settings, "levels");
  if (!Array.isArray(edges) || !Array.isArray(levels)) return GENVIEW_NOISE_SCHEDULE;
  const schedule = { edges: edges.map(Number), levels: levels.map(Number) };
  checkNoiseSchedule(schedule);
  return schedule;
}

/** Where the images of an output folder lie, as a stage has recorded it; undefined if none has. */
export async function recordedImages(
  context: Pick<StudioContext, "resolve">,
  output: string,
): Promise<string | undefined> {
  for (const path of ["extraction.json", "fg_ratios.json", "ratios/fg_ratios.json"]) {
    const images = within(await readJsonBelow(context, below(output, path)), "images");
    if (typeof images === "string") return images;
  }
  return undefined;
}

/** Finds an image by its key; undefined if there is none. */
export type FindImage = (key: string) => ImageSource | undefined;

/**
 * The images that a stage has recorded the place of: below a folder, at absolute paths, or of data that are named.
 *
 * @param images as `recordedImages` gives it
 * @throws {TypeError} if they lie where the studio may not read
 */
export async function openRecordedImages(
  files: AllowedFiles,
  images: string | undefined,
): Promise<FindImage> {
  if (images === undefined) return () => undefined;
  if (images === "absolute paths") return (key) => files.source(fileSource(key));
  const folder = isShardName(images) ? undefined : await realPathOf(images);
  if (folder !== undefined && (await Deno.stat(folder)).isDirectory) {
    return (key) => files.source(fileSource(isAbsolute(key) ? key : join(images, key)));
  }
  const dataset = await files.open(images);
  let places: ReadonlyMap<string, number> | undefined;
  return (key) => {
    places ??= new Map(
      Array.from({ length: dataset.length }, (_, index) => [dataset.sample(index).key, index]),
    );
    const index = places.get(key);
    return index === undefined ? undefined : dataset.sample(index).source;
  };
}

/** The folder that an image lies in, which is its class where there are folders of classes; empty where there is none. */
export function folderOf(key: string): string {
  return key.includes("/") ? basename(dirname(key)) : "";
}
