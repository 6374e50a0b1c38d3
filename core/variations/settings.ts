/**
 * The settings that all variations of a folder share, in its `variations.json`.
 *
 * @module
 */
import { GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import { join } from "node:path";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { writeNewFileInFolder } from "../files/new_file.ts";

/** Settings that all variations of a folder share. */
export interface VariationSettings {
  /** Seed of all noise. */
  readonly seed: number;
  /** Identifies the model's weights. */
  readonly model: string;
  /** Type that is computed in: `float32` or `float16`. */
  readonly precision: string;
  /** Scheduler that generates. */
  readonly scheduler: string;
  /** Steps of the scheduler. */
  readonly steps: number;
  /** Classifier-free guidance scale. */
  readonly scale: number;
  /** The prompt. */
  readonly prompt: string;
  /** The negative prompt. */
  readonly negativePrompt: string;
  /** Variations of each image. */
  readonly imagesPerPrompt: number;
  /** Height and width in pixels; 0 is the model's own. */
  readonly size: number;
  /** File format: `source`, `png` or `jpeg`. */
  readonly format: string;
  /** Quality of JPEG files, in [1, 100]. */
  readonly quality: number;
}

/** Where the settings of a folder's variations stand. */
export function settingsPath(folder: string): string {
  return join(folder, "variations.json");
}

/**
 * Reads the settings of a folder's variations; undefined if it has none.
 *
 * @throws {SyntaxError} if the file is not JSON
 */
export async function readSettings(folder: string): Promise<VariationSettings | undefined> {
  const path = settingsPath(folder);
  const text = await explainingFileErrors(`read ${path}`, ifThere(Deno.readTextFile(path)));
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

/** How a folder is claimed. */
export interface ClaimOptions {
  /** Whether other settings are replaced, of a process that made no variation; the folder must be locked (default false). */
  readonly replace?: boolean;
}

/**
 * Writes the settings of a folder's variations, or checks that they are these.
 *
 * @throws {TypeError} if the folder has variations of other settings
 */
export async function claimFolder(
  folder: string,
  settings: VariationSettings,
  { replace = false }: ClaimOptions = {},
): Promise<void> {
  const path = settingsPath(folder);
  const text = JSON.stringify(settings, null, 2) + "\n";
  if (replace) return await writeNewFileInFolder(path, text, { overwrite: true });
  const there = await readSettings(folder);
  if (there === undefined) {
    try {
      await writeNewFileInFolder(path, text);
    } catch (error) {
      // Of processes that begin together, one is the first.
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
  checkSame(folder, there ?? (await readSettings(folder))!, settings);
}
