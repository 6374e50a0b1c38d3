/**
 * Manifests: a line of JSON for each variation of a folder, in `manifest.jsonl`. Processes that share the work have a file
 * each, such as `manifest-0-of-8.jsonl`, so that none writes into another's; in the end they are put together.
 *
 * @module
 */
import { GenviewSyntaxError } from "../errors/mod.ts";
import { isAbsolute, join } from "node:path";
import type { Shard } from "../distributed/mod.ts";
import { normalizeKey } from "../data/relative_path.ts";
import { explainingFileErrors, fileError } from "../files/file_error.ts";
import { linesOf } from "../files/lines.ts";
import { writeAll } from "../files/new_file.ts";
import type { PlannedVariation } from "./output_names.ts";
import type { VariationSettings } from "./settings.ts";

/** A line of a manifest. */
export interface ManifestLine extends VariationSettings {
  /** Where the variation lies, relative to the manifest's folder. */
  readonly path: string;
  /** Path of its image within the tree that is mirrored. */
  readonly source: string;
  /** Which of the image's variations, from 0. */
  readonly index: number;
  /** Step of the diffusion at which noise was added to the image's embedding; none where the prompt alone was the condition. */
  readonly level?: number;
}

const PART = /^manifest(-\d+-of-\d+)?\.jsonl$/;

/** Lines of a file, each with its line break but the last, which may be torn off. */
async function* linesOfFile(path: string): AsyncGenerator<string> {
  const file = await explainingFileErrors(`read ${path}`, Deno.open(path));
  yield* linesOf(file.readable);
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
  const hasLevel = typeof line?.level === "number" || line?.condition === "text";
  if (typeof line?.path === "string" && hasLevel && isInside(line.path)) {
    const { path: file, source } = line as ManifestLine;
    // Hand-made lines may leave the image out; the same path may be written with "./".
    return {
      ...line as ManifestLine,
      path: normalizeKey(file),
      source: normalizeKey(source ?? ""),
    };
  }
  throw new GenviewSyntaxError(
    `Cannot read ${path}: line ${number} must have a path within the folder and a level, found ` +
      text.trim(),
  );
}

/** Paths of a folder's manifests, in order. */
export async function manifestPaths(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) if (PART.test(name)) names.push(name);
  } catch (cause) {
    throw fileError(`read ${folder}`, cause);
  }
  return names.sort().map((name) => join(folder, name));
}

/**
 * Reads the whole lines of a manifest, with their text; a last one without its line break is left out.
 *
 * @throws {SyntaxError} if a line is none of a manifest
 */
export async function* readManifestLines(
  path: string,
): AsyncGenerator<{ readonly line: ManifestLine; readonly text: string }> {
  let number = 0;
  for await (const text of linesOfFile(path)) {
    number++;
    if (text.endsWith("\n")) yield { line: parseLine(text, path, number), text };
  }
}

/**
 * Reads the manifests of a folder. A last line without its line break is left out: it is being written, or was cut off.
 *
 * @throws {SyntaxError} if a line is none of a manifest
 */
export async function* readManifests(folder: string): AsyncGenerator<ManifestLine> {
  for (const path of await manifestPaths(folder)) {
    for await (const { line } of readManifestLines(path)) yield line;
  }
}

/** The line of a variation, without its line break. */
export function formatLine(
  { path, key, index, level, own }: PlannedVariation,
  settings: VariationSettings,
): string {
  const line: ManifestLine = {
    ...{ path, source: key, index },
    ...(settings.condition !== "text" && { level }),
    ...settings,
    ...own,
  };
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
   * off, so whoever opens it must have locked its share by {@linkcode lockShare}.
   *
   * @throws {GenviewError} if the system refuses
   */
  static async open(folder: string, shard: Shard, settings: VariationSettings): Promise<Manifest> {
    const { index, count } = shard;
    const name = count === 1 ? "manifest.jsonl" : `manifest-${index}-of-${count}.jsonl`;
    const path = join(folder, name);
    const file = await explainingFileErrors(
      `write ${path}`,
      Deno.open(path, { append: true, create: true }),
    );
    try {
      let whole = 0;
      for await (const line of linesOfFile(path)) {
        if (line.endsWith("\n")) whole += new TextEncoder().encode(line).length;
      }
      await file.truncate(whole);
    } catch (error) {
      file.close();
      throw fileError(`write ${path}`, error);
    }
    return new Manifest(path, file, settings);
  }

  /**
   * Appends the lines of variations whose files are in place, and brings them to the disk.
   *
   * @throws {GenviewError} if the system refuses, such as for a full disk
   */
  async append(variations: readonly PlannedVariation[]): Promise<void> {
    const lines = variations.map((variation) => `${formatLine(variation, this.#settings)}\n`);
    try {
      await writeAll(this.#file, new TextEncoder().encode(lines.join("")));
      await this.#file.syncData();
    } catch (cause) {
      throw fileError(`write ${this.path}`, cause);
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
