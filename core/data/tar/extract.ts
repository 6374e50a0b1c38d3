/**
 * Taking the files out of a tar.
 *
 * @module
 */
import { GenviewAlreadyExists } from "../../errors/mod.ts";
import { dirname, join } from "node:path";
import { ifThere } from "../../files/if_there.ts";
import { writeAll, writeNewFile } from "../../files/new_file.ts";
import { tarEntries, type TarEntry } from "./entries.ts";
import type { TarPart } from "./parts.ts";

/** How far the reading of a tar has come. */
export interface TarProgress {
  /** Bytes of the parts that have been read. */
  readonly bytes: number;
  /** Files that have been met. */
  readonly files: number;
}

/** How {@linkcode extractTar} runs. */
export interface ExtractOptions {
  /** Whether files of another size than the tar's are replaced; by default they are an error. */
  readonly overwrite?: boolean;
  /** Ends the extraction behind the file that is under way. */
  readonly signal?: AbortSignal;
  /** Is told how far it is, after each file and at the end. */
  readonly onProgress?: (progress: TarProgress) => void;
}

/** What became of an extraction. */
export interface ExtractOutcome {
  /** Files that have been written. */
  readonly written: number;
  /** Files that were there already. */
  readonly kept: number;
  /** Whether the signal came before the end. */
  readonly stopped: boolean;
}

/** Files of up to this many bytes are held in memory, so that several are brought to the disk at once. */
const HELD_BYTES = 1 << 24;
const WRITES_AT_ONCE = 8;

/** Whether the file is there already. */
async function isThere(path: string, size: number, overwrite: boolean): Promise<boolean> {
  const found = await ifThere(Deno.lstat(path));
  if (found === undefined) return false;
  if (found.isFile && found.size === size) return true;
  if (found.isFile && overwrite) return false;
  throw new GenviewAlreadyExists(
    `Cannot write ${path}: what is there must be the tar's file of ${size} bytes, found ` +
      (found.isFile ? `one of ${found.size}; set overwrite to replace it` : "no file"),
  );
}

/** Makes a folder, unless it is among those that have been made. */
async function makeFolder(folder: string, made: Set<string>): Promise<void> {
  if (made.has(folder)) return;
  try {
    await Deno.mkdir(folder, { recursive: true });
  } catch (error) {
    const isTaken = error instanceof Deno.errors.AlreadyExists ||
      error instanceof Deno.errors.NotADirectory;
    if (!isTaken) throw error;
    throw new GenviewAlreadyExists(
      `Cannot make the folder ${folder}: it and those it is in must be folders, found a file`,
      { cause: error },
    );
  }
  made.add(folder);
}

async function readWhole(entry: TarEntry): Promise<Uint8Array> {
  const bytes = new Uint8Array(entry.size);
  let filled = 0;
  for await (const chunk of entry.read()) {
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  return bytes;
}

/** Writing of files, of which only so many are under way at once. */
class ParallelWrites {
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  /** Waits until there is room, and begins. Throws what has failed before. */
  async begin(write: () => Promise<void>): Promise<void> {
    if (this.#running.size >= WRITES_AT_ONCE) await Promise.race(this.#running);
    if (this.#failure) throw this.#failure.error;
    const running: Promise<void> = write()
      .catch((error) => void (this.#failure ??= { error }))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Waits for all. Throws what has failed. */
  async finish(): Promise<void> {
    await this.settle();
    if (this.#failure) throw this.#failure.error;
  }

  /** Waits for all, whatever becomes of them. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
  }
}

/**
 * Writes the files of a tar below a folder. Each appears whole or not at all. Those that are there with the tar's size are
 * kept, so that an extraction that was stopped goes on where it was.
 *
 * @throws {Deno.errors.AlreadyExists} if there is something else in the place of a file
 * @throws {TypeError} if the tar is damaged or truncated, or holds what is no file or leads out of the folder
 */
export async function extractTar(
  parts: readonly TarPart[],
  folder: string,
  { overwrite = false, signal, onProgress }: ExtractOptions = {},
): Promise<ExtractOutcome> {
  let [bytes, written, kept] = [0, 0, 0];
  let stopped = false;
  const folders = new Set<string>();
  const writes = new ParallelWrites();
  try {
    for await (const entry of tarEntries(parts, (read) => bytes = read)) {
      stopped = signal?.aborted ?? false;
      if (stopped) break;
      const path = join(folder, entry.path);
      await makeFolder(dirname(path), folders);
      if (await isThere(path, entry.size, overwrite)) kept++;
      else {
        if (entry.size > HELD_BYTES) {
          await writeNewFile(path, async (file) => {
            for await (const chunk of entry.read()) await writeAll(file, chunk);
          }, { overwrite });
        } else {
          const whole = await readWhole(entry);
          await writes.begin(() => writeNewFile(path, whole, { overwrite }));
        }
        written++;
      }
      onProgress?.({ bytes, files: written + kept });
    }
    await writes.finish();
    onProgress?.({ bytes, files: written + kept });
  } finally {
    await writes.settle();
  }
  return { written, kept, stopped };
}
