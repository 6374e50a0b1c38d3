/**
 * Which of the wanted variations exist already.
 *
 * @module
 */
import { GenviewAlreadyExists, GenviewTypeError } from "../errors/mod.ts";
import { join } from "node:path";
import { fileError, systemCode } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { markOf, readMark } from "./encoded_variation.ts";
import { formatLine, readManifests } from "./manifest.ts";
import { type PlannedVariation, variationsOf } from "./plan.ts";
import type { VariationJob } from "./run_share.ts";

/** Files that are looked for at a time. */
const LOOKUPS = 64;

/** Every file system takes names of so many bytes. */
const SHORT_NAME = 128;

/** The wanted variations, by whether they exist. */
export interface ExistingVariations {
  readonly missing: readonly PlannedVariation[];
  /** In place, but without a line: the process was killed before it was written. */
  readonly unlisted: readonly PlannedVariation[];
  /** Paths that have a line. */
  readonly listed: ReadonlySet<string>;
  /** Those whose names are longer than the file system takes. */
  readonly unnameable: readonly PlannedVariation[];
}

/** Refuses a variation that was made at another level. */
function checkLevel({ path, level }: PlannedVariation, before: number, folder: string): void {
  if (before === level) return;
  throw new GenviewTypeError(
    `Cannot resume in ${folder}: its variations must have the levels of the list, found ${path} at ` +
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

/** Whether a file system refuses a name for its length. */
async function isTooLong(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return false;
  } catch (error) {
    return systemCode(error) === "ENAMETOOLONG";
  }
}

/** Looks for a variation's file; `unnameable` if the file system has no such names. */
async function lookUp(folder: string, path: string): Promise<"missing" | "there" | "unnameable"> {
  // Where a folder on the way is missing, the system does not look at the names that follow.
  const parts = path.split("/").filter((part) => 3 * part.length > SHORT_NAME);
  for (const part of parts) if (await isTooLong(join(folder, part))) return "unnameable";
  const place = join(folder, path);
  try {
    return await ifThere(Deno.lstat(place)) === undefined ? "missing" : "there";
  } catch (cause) {
    if (systemCode(cause) === "ENAMETOOLONG") return "unnameable";
    throw fileError(`look for ${place}`, cause);
  }
}

/**
 * Finds out which variations of a share exist.
 *
 * @throws {TypeError} if some exist at other levels
 * @throws {Deno.errors.AlreadyExists} if another file has the name of one
 */
export async function findExisting(job: VariationJob): Promise<ExistingVariations> {
  const levels = await readLevels(job);
  const missing: PlannedVariation[] = [];
  const unlisted: PlannedVariation[] = [];
  const unnameable: PlannedVariation[] = [];
  const all = job.images.flatMap((image) => variationsOf(image, job.names));
  for (let start = 0; start < all.length; start += LOOKUPS) {
    const some = all.slice(start, start + LOOKUPS);
    const found = await Promise.all(some.map(({ path }) => lookUp(job.folder, path)));
    for (const [i, variation] of some.entries()) {
      const level = levels.get(variation.path);
      if (level !== undefined) checkLevel(variation, level, job.folder);
      if (found[i] === "unnameable") unnameable.push(variation);
      else if (found[i] === "missing") missing.push(variation);
      else if (level === undefined) {
        await checkOwn(variation, job);
        unlisted.push(variation);
      }
    }
  }
  return { missing, unlisted, unnameable, listed: new Set(levels.keys()) };
}
