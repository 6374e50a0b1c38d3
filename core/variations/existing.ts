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
import { formatLine, type ManifestLine, readManifests } from "./manifest.ts";
import { type PlannedImage, type PlannedVariation, variationsOf } from "./output_names.ts";
import { packedVariations } from "./packed_variations.ts";
import type { VariationJob } from "./run_share.ts";

/** Files that are looked for at a time. */
const LOOKUPS = 64;

/** Every file system takes names of so many bytes. */
const SHORT_NAME = 128;

/** The wanted variations, by whether they exist. */
export interface ExistingVariations {
  readonly missing: readonly PlannedVariation[];
  /** In place as files of their own, rather than in a tar. */
  readonly files: readonly PlannedVariation[];
  /** In a tar, and as files that a killed process has not yet removed. */
  readonly leftovers: readonly PlannedVariation[];
  /** In place, but without a line: the process was killed before it was written. */
  readonly unlisted: readonly PlannedVariation[];
  /** Paths that have a line. */
  readonly listed: ReadonlySet<string>;
  /** Those whose names are longer than the file system takes. */
  readonly unnameable: readonly PlannedVariation[];
}

/** What a list may say of an image by itself, as messages call it. */
const COMPARED = {
  level: "level",
  scale: "guidance scale",
  prompt: "prompt",
  negativePrompt: "negative prompt",
  imagesPerPrompt: "number of variations",
} as const;

/** Refuses a variation that was made otherwise than the list now has it; hand-made lines need not say all. */
function checkSame(
  before: ManifestLine,
  { level, own }: PlannedImage,
  { folder, settings }: VariationJob,
): void {
  const now = { level, ...settings, ...own };
  for (const [name, what] of Object.entries(COMPARED)) {
    const [then, asked] = [
      before[name as keyof typeof COMPARED],
      now[name as keyof typeof COMPARED],
    ];
    if (then === undefined || then === asked) continue;
    throw new GenviewTypeError(
      `Cannot resume in ${folder}: its variations must be as the list has them, found ${before.path} at ` +
        `${what} ${JSON.stringify(then)} and ${
          JSON.stringify(asked)
        } asked for; choose another --output-prefix, ` +
        "or --overwrite them",
    );
  }
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

/**
 * Paths of those variations of a share that the folder's manifests have.
 *
 * @throws {TypeError} if one, or another of its image, was made otherwise
 */
async function readListed(
  all: readonly PlannedVariation[],
  job: VariationJob,
): Promise<Set<string>> {
  const byPath = new Map(all.map((variation) => [variation.path, variation]));
  const byKey = new Map(job.images.map((image) => [image.key, image]));
  const listed = new Set<string>();
  for await (const line of readManifests(job.folder)) {
    // Of an image that had another number of variations, others have other names.
    const image = byPath.get(line.path) ?? byKey.get(line.source);
    if (image !== undefined) checkSame(line, image, job);
    if (byPath.has(line.path)) listed.add(line.path);
  }
  return listed;
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
 * @throws {TypeError} if some were made otherwise than the list has them
 * @throws {Deno.errors.AlreadyExists} if another file has the name of one
 */
export async function findExisting(job: VariationJob): Promise<ExistingVariations> {
  const all = job.images.flatMap((image) => variationsOf(image, job.names));
  const listed = await readListed(all, job);
  const packed = await packedVariations(job.folder);
  const missing: PlannedVariation[] = [];
  const files: PlannedVariation[] = [];
  const leftovers: PlannedVariation[] = [];
  const unlisted: PlannedVariation[] = [];
  const unnameable: PlannedVariation[] = [];
  for (let start = 0; start < all.length; start += LOOKUPS) {
    const some = all.slice(start, start + LOOKUPS);
    const found = await Promise.all(some.map(({ path }) => lookUp(job.folder, path)));
    for (const [i, variation] of some.entries()) {
      const isListed = listed.has(variation.path);
      const isPacked = packed.has(variation.path);
      const isFile = found[i] === "there";
      if (isPacked || isFile) {
        if (isFile && (isPacked || !isListed)) await checkOwn(variation, job);
        if (isFile) (isPacked ? leftovers : files).push(variation);
        if (!isListed) unlisted.push(variation);
      } else if (found[i] === "unnameable") unnameable.push(variation);
      else missing.push(variation);
    }
  }
  return { missing, files, leftovers, unlisted, unnameable, listed };
}
