/**
 * Words that the user gave to runs: one file of the studio, none of the runs' own.
 *
 * @module
 */
import { join } from "node:path";
import { GenviewTypeError } from "../../errors/mod.ts";
import { makeFolder, writeNewFile } from "../../files/new_file.ts";
import { readPlainJson } from "./plain_file.ts";

/** Name of the studio's own folder in its root. */
export const STUDIO_FOLDER = ".genview-studio";

/** Most tags of a run, and most characters of one. */
const TAGS = 32;
const CHARACTERS = 64;

function isTags(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= TAGS &&
    value.every((tag) => typeof tag === "string" && tag.length > 0 && tag.length <= CHARACTERS);
}

/** The tags of all runs below a root. */
export class Tags {
  readonly #root: string;
  #runs: Map<string, readonly string[]> | undefined;

  /** @param root absolute, without symbolic links */
  constructor(root: string) {
    this.#root = root;
  }

  get #path(): string {
    return join(this.#root, STUDIO_FOLDER, "tags.json");
  }

  #read(): Map<string, readonly string[]> {
    if (this.#runs !== undefined) return this.#runs;
    const found = readPlainJson(this.#path);
    const runs = (found as { readonly runs?: unknown } | undefined)?.runs ?? {};
    const isWhole = typeof runs === "object" && Object.values(runs).every(isTags);
    if (!isWhole) {
      throw new GenviewTypeError(
        `Cannot read ${this.#path}: it must have the tags of runs; mend it, or remove it`,
      );
    }
    return this.#runs = new Map(Object.entries(runs));
  }

  /**
   * The tags of a run.
   *
   * @throws {GenviewTypeError} if the file is damaged
   */
  of(run: string): readonly string[] {
    return this.#read().get(run) ?? [];
  }

  /**
   * Replaces the tags of a run.
   *
   * @throws {GenviewTypeError} if they are no short words
   * @throws {GenviewError} if the system refuses
   */
  async set(run: string, tags: readonly string[]): Promise<void> {
    const words = [...new Set(tags.map((tag) => String(tag).trim()))].filter((tag) => tag !== "");
    if (!isTags(words)) {
      throw new GenviewTypeError(
        `Cannot tag ${
          JSON.stringify(run)
        }: it can have ${TAGS} tags of ${CHARACTERS} characters, found more`,
      );
    }
    const runs = new Map(this.#read());
    if (words.length > 0) runs.set(run, words);
    else runs.delete(run);
    await makeFolder(join(this.#root, STUDIO_FOLDER));
    const text = JSON.stringify({ version: 1, runs: Object.fromEntries(runs) }, null, 2) + "\n";
    await writeNewFile(this.#path, text, { overwrite: true });
    this.#runs = runs;
  }
}
