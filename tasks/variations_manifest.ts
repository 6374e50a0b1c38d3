/**
 * What is known of the variations in a folder: the settings they were all made with, and a line for each.
 *
 * `variations.json` holds the settings. `manifest.jsonl` holds a line of JSON for each variation; processes that share
 * the work have a file each, such as `manifest-0-of-8.jsonl`, so that none writes into another's.
 *
 * @module
 */
import { GenviewSyntaxError, GenviewTypeError } from "../core/errors/mod.ts";
import { isAbsolute, join } from "node:path";
import type { Shard } from "../core/distributed/mod.ts";
import { ifThere } from "../core/files/if_there.ts";
import { writeAll, writeNewFile } from "../core/files/new_file.ts";
import type { PlannedVariation } from "./variations_plan.ts";

/** Settings that all variations of a folder share. */
export interface VariationSettings {
  readonly seed: number;
  /** Tells the model from others. */
  readonly model: string;
  readonly precision: string;
  readonly scheduler: string;
  readonly steps: number;
  readonly scale: number;
  readonly prompt: string;
  readonly negativePrompt: string;
  /** Images of each source. */
  readonly imagesPerPrompt: number;
  /** Height and width in pixels; 0 is the model's own. */
  readonly size: number;
  readonly format: string;
  readonly quality: number;
}

/** A line of a manifest. */
export interface ManifestLine extends VariationSettings {
  /** Where the variation lies, relative to the manifest's folder. */
  readonly path: string;
  /** Path of its image within the tree that is mirrored. */
  readonly source: string;
  /** Which of the image's variations, from 0. */
  readonly index: number;
  /** Step of the diffusion at which noise was added to the image's embedding. */
  readonly level: number;
}

const PART = /^manifest(-\d+-of-\d+)?\.jsonl$/;

/** Where the settings of a folder's variations stand. */
export function settingsPath(folder: string): string {
  return join(folder, "variations.json");
}

/** Reads the settings of a folder's variations; undefined if it has none. */
export async function readSettings(folder: string): Promise<VariationSettings | undefined> {
  const path = settingsPath(folder);
  const text = await ifThere(Deno.readTextFile(path));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GenviewSyntaxError(`Cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** Refuses settings that are not those of the folder, naming what differs. */
function checkSame(folder: string, there: VariationSettings, asked: VariationSettings): void {
  const names = new Set([...Object.keys(there), ...Object.keys(asked)]);
  const differences = [...names].flatMap((name) => {
    const [before, now] = [there, asked].map((settings) =>
      JSON.stringify((settings as unknown as Record<string, unknown>)[name])
    );
    return before === now ? [] : [`${name} ${before} there and ${now} asked for`];
  });
  if (differences.length === 0) return;
  throw new GenviewTypeError(
    `Cannot add variations to ${folder}: all of a folder must have the same settings, found ${
      differences.join(", ")
    }; choose another --output-prefix, or --overwrite them`,
  );
}

/**
 * Notes the settings of a folder's variations, or checks that they are these.
 *
 * @throws {TypeError} if the folder has variations of other settings
 */
export async function claimFolder(folder: string, settings: VariationSettings): Promise<void> {
  const there = await readSettings(folder);
  if (there === undefined) {
    await Deno.mkdir(folder, { recursive: true });
    const bytes = new TextEncoder().encode(JSON.stringify(settings, null, 2) + "\n");
    try {
      await writeNewFile(settingsPath(folder), bytes);
    } catch (error) {
      // Of processes that begin together, one is the first.
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
  checkSame(folder, there ?? (await readSettings(folder))!, settings);
}

/** Lines of a file, each with its line break but the last, which may be torn off. */
async function* linesOf(path: string): AsyncGenerator<string> {
  const file = await Deno.open(path);
  let rest = "";
  for await (const text of file.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield `${line}\n`;
  }
  if (rest !== "") yield rest;
}

/** Whether a path stays in the folder that it is relative to. */
function isInside(path: string): boolean {
  return !isAbsolute(path) && path.split(/[\\/]/).every((part) => part !== "..");
}

function parseLine(text: string, path: string, number: number): ManifestLine {
  let line: Partial<ManifestLine> | null;
  try {
    line = JSON.parse(text);
  } catch (cause) {
    throw new GenviewSyntaxError(
      `Cannot read ${path}: line ${number} must be JSON, found ${text.trim()}`,
      {
        cause,
      },
    );
  }
  if (typeof line?.path === "string" && typeof line.level === "number" && isInside(line.path)) {
    return line as ManifestLine;
  }
  throw new GenviewSyntaxError(
    `Cannot read ${path}: line ${number} must have a path within the folder and a level, found ` +
      text.trim(),
  );
}

/** Paths of a folder's manifests, in order. */
export async function manifestPaths(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) if (PART.test(name)) names.push(name);
  return names.sort().map((name) => join(folder, name));
}

/**
 * Reads the manifests of a folder. A last line without its line break is left out: it is being written, or was cut off.
 *
 * @throws {SyntaxError} if a line is none of a manifest
 */
export async function* readManifests(folder: string): AsyncGenerator<ManifestLine> {
  for (const path of await manifestPaths(folder)) {
    let number = 0;
    for await (const line of linesOf(path)) {
      number++;
      if (line.endsWith("\n")) yield parseLine(line, path, number);
    }
  }
}

/** The line of a variation, without its line break. */
export function formatLine(
  { path, key, index, level }: PlannedVariation,
  settings: VariationSettings,
): string {
  const line: ManifestLine = { path, source: key, index, level, ...settings };
  return JSON.stringify(line);
}

/** The manifest of one process, open for appending; closes with `using`. */
export class Manifest implements Disposable {
  /** Where it lies. */
  readonly path: string;
  readonly #file: Deno.FsFile;
  readonly #settings: VariationSettings;

  private constructor(path: string, file: Deno.FsFile, settings: VariationSettings) {
    this.path = path;
    this.#file = file;
    this.#settings = settings;
  }

  /**
   * Opens the manifest of a share of the work, which may be new. A line that a killed process has left unfinished is cut
   * off.
   *
   * @throws {TypeError} if another process has it open
   */
  static async open(folder: string, shard: Shard, settings: VariationSettings): Promise<Manifest> {
    const { index, count } = shard;
    const name = count === 1 ? "manifest.jsonl" : `manifest-${index}-of-${count}.jsonl`;
    const path = join(folder, name);
    const file = await Deno.open(path, { append: true, create: true });
    try {
      if (!await file.tryLock(true)) {
        throw new GenviewTypeError(
          `Cannot write ${path}: one process must have it, found another at work on shard ` +
            `${index}/${count}; wait for it, or divide the work by --shard`,
        );
      }
      let whole = 0;
      for await (const line of linesOf(path)) {
        if (line.endsWith("\n")) whole += new TextEncoder().encode(line).length;
      }
      await file.truncate(whole);
    } catch (error) {
      file.close();
      throw error;
    }
    return new Manifest(path, file, settings);
  }

  /** Appends the lines of variations whose files are in place, and brings them to the disk. */
  async append(variations: readonly PlannedVariation[]): Promise<void> {
    const lines = variations.map((variation) => `${formatLine(variation, this.#settings)}\n`);
    await writeAll(this.#file, new TextEncoder().encode(lines.join("")));
    await this.#file.syncData();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/**
 * Removes the variations that a folder's manifests name, and what is known of them.
 *
 * @param others further variations, which may be there without a line
 */
export async function removeVariations(folder: string, others: Iterable<string>): Promise<void> {
  if (await ifThere(Deno.stat(folder)) === undefined) return;
  for await (const { path } of readManifests(folder)) {
    await ifThere(Deno.remove(join(folder, path)));
  }
  for (const path of others) await ifThere(Deno.remove(join(folder, path)));
  for (const path of await manifestPaths(folder)) await ifThere(Deno.remove(path));
  await ifThere(Deno.remove(settingsPath(folder)));
}
