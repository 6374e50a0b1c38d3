/**
 * One process's share of the variations: what is missing is generated, written and noted in the manifest.
 *
 * @module
 */
import { GenviewAlreadyExists, GenviewTypeError } from "../core/errors/mod.ts";
import { dirname, join } from "node:path";
import type { Shard } from "../core/distributed/mod.ts";
import { generateVariations, resizeVariation, type Variation } from "../core/unclip/mod.ts";
import { ifThere } from "../core/files/if_there.ts";
import { writeNewFile } from "../core/files/new_file.ts";
import { openUnclip, type UnclipChoice } from "./unclip_option.ts";
import { encodeVariation, markOf, readMark } from "./variation_file.ts";
import {
  formatLine,
  Manifest,
  readManifests,
  type VariationSettings,
} from "./variations_manifest.ts";
import {
  type OutputNames,
  type PlannedImage,
  type PlannedVariation,
  variationsOf,
} from "./variations_plan.ts";

/** A share of the work, as plain data. */
export interface VariationJob {
  /** Folder of the variations. */
  readonly folder: string;
  /** The images of the share. */
  readonly images: readonly PlannedImage[];
  readonly names: OutputNames;
  readonly settings: VariationSettings;
  /** Whose manifest the lines go to. */
  readonly shard: Shard;
  readonly model: UnclipChoice;
  /** Variations in a batch, unless there are not as many. */
  readonly batchSize: number;
  /** Threads on the CPU; 0 is all cores. */
  readonly threads: number;
}

/** How a share is run. */
export interface VariationRunOptions {
  readonly signal: AbortSignal;
  readonly show: VariationDisplay;
}

/** What is shown of a run. */
export interface VariationDisplay {
  /** The work begins: variations in all, and those that are there already. */
  start(total: number, there: number): void;
  /** Some more are done, or cannot be. */
  advance(made: number, unreadable: number): void;
  note(text: string): void;
}

/** What became of a run. */
export interface VariationOutcome {
  readonly total: number;
  /** Variations that were there before. */
  readonly there: number;
  readonly made: number;
  /** Variations whose images cannot be read. */
  readonly unreadable: number;
  /** Whether it was stopped before its end. */
  readonly stopped: boolean;
}

/** Files that are looked for at a time. */
const LOOKUPS = 64;

/** Refuses a variation that was made at another level. */
function checkLevel({ path, level }: PlannedVariation, before: number, folder: string): void {
  if (before === level) return;
  throw new GenviewTypeError(
    `Cannot go on in ${folder}: its variations must have the levels of the list, found ${path} at ` +
      `level ${before} and ${level} asked for; choose another --output-prefix, or --overwrite them`,
  );
}

/** Refuses a file that is in the way, and that is no variation of the settings. */
async function checkOwn(
  variation: PlannedVariation,
  { folder, settings }: VariationJob,
): Promise<void> {
  const path = join(folder, variation.path);
  if (await readMark(path) === markOf(formatLine(variation, settings))) return;
  throw new GenviewAlreadyExists(
    `Cannot write ${path}: the name must be free, found a file that no manifest has and that is no ` +
      `variation of the same settings; choose another --output-prefix, or --overwrite it`,
  );
}

/** Variations by what has become of them. */
export interface Standing {
  readonly missing: PlannedVariation[];
  /** In place, but killed before its line was written. */
  readonly unnoted: PlannedVariation[];
  readonly noted: ReadonlySet<string>;
}

/** Levels of those variations of a share that the folder's manifests have, by path. */
async function readLevels({ folder, images, names }: VariationJob): Promise<Map<string, number>> {
  const own = new Set(
    images.flatMap((image) => variationsOf(image, names)).map(({ path }) => path),
  );
  const levels = new Map<string, number>();
  for await (const { path, level } of readManifests(folder)) {
    if (own.has(path)) levels.set(path, level);
  }
  return levels;
}

/**
 * Finds out which variations are there.
 *
 * @throws {TypeError} if some are there at other levels
 * @throws {Deno.errors.AlreadyExists} if another file has the name of one
 */
export async function findStanding(job: VariationJob): Promise<Standing> {
  const levels = await readLevels(job);
  const [missing, unnoted]: [PlannedVariation[], PlannedVariation[]] = [[], []];
  const all = job.images.flatMap((image) => variationsOf(image, job.names));
  for (let start = 0; start < all.length; start += LOOKUPS) {
    const some = all.slice(start, start + LOOKUPS);
    const found = await Promise.all(
      some.map(({ path }) => ifThere(Deno.lstat(join(job.folder, path)))),
    );
    for (const [i, variation] of some.entries()) {
      const level = levels.get(variation.path);
      if (level !== undefined) checkLevel(variation, level, job.folder);
      if (found[i] === undefined) missing.push(variation);
      else if (level === undefined) {
        await checkOwn(variation, job);
        unnoted.push(variation);
      }
    }
  }
  return { missing, unnoted, noted: new Set(levels.keys()) };
}

/** Writes variations and notes them: who reads the folder sees whole files only, and lines of files that are there. */
async function keepVariations(
  batch: readonly Variation<PlannedVariation>[],
  { folder, settings }: VariationJob,
  noted: ReadonlySet<string>,
  manifest: Manifest,
): Promise<void> {
  const { size, quality } = settings;
  for (const { wanted, image } of batch) {
    const path = join(folder, wanted.path);
    const sized = size === 0 ? image : resizeVariation(image, size);
    const mark = markOf(formatLine(wanted, settings));
    const bytes = await encodeVariation(sized, path, quality, mark);
    await Deno.mkdir(dirname(path), { recursive: true });
    await writeNewFile(path, bytes);
    if (!noted.has(wanted.path)) await manifest.append([wanted]);
  }
}

async function generateMissing(
  job: VariationJob,
  { signal, show }: VariationRunOptions,
  { missing, noted }: Standing,
  manifest: Manifest,
): Promise<{ made: number; unreadable: number; stopped: boolean }> {
  const { seed, prompt, negativePrompt } = job.settings;
  const batchSize = Math.min(job.batchSize, missing.length);
  using pipeline = await openUnclip(job.model, { ...job.settings, ...job, batchSize });
  let [made, unreadable] = [0, 0];
  const batches = generateVariations(pipeline, missing, {
    ...{ seed, batchSize, prompt, negativePrompt, signal },
    onUnreadable: (error, without) => {
      unreadable += without;
      show.note(`warning: ${error.message}`);
      show.advance(0, without);
    },
  });
  try {
    for await (const batch of batches) {
      await keepVariations(batch, job, noted, manifest);
      made += batch.length;
      show.advance(batch.length, 0);
    }
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
  }
  return { made, unreadable, stopped: signal.aborted };
}

/**
 * Generates the variations of a share that are not there yet.
 *
 * @throws {TypeError} if variations are there at other levels, or another process has the same share
 * @throws {Deno.errors.AlreadyExists} if another file has the name of a variation
 */
export async function runVariations(
  job: VariationJob,
  options: VariationRunOptions,
): Promise<VariationOutcome> {
  const total = job.images.length * job.names.imagesPerPrompt;
  using manifest = await Manifest.open(job.folder, job.shard, job.settings);
  const standing = await findStanding(job);
  await manifest.append(standing.unnoted);
  const there = total - standing.missing.length;
  options.show.start(total, there);
  if (standing.missing.length === 0) {
    return { total, there, made: 0, unreadable: 0, stopped: false };
  }
  return { total, there, ...await generateMissing(job, options, standing, manifest) };
}
