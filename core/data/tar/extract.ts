/**
 * Taking the files out of a tar.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { GenviewAlreadyExists, isGenviewError } from "../../errors/mod.ts";
import { fileError, systemCode } from "../../files/file_error.ts";
import { FolderLock } from "../../files/folder_lock.ts";
import { ifThere } from "../../files/if_there.ts";
import { makeFolder, removeTemporaries, writeAll, writeNewFile } from "../../files/new_file.ts";
import { tarEntries, type TarEntry } from "./entries.ts";
import { checkWithinFolder } from "../../files/within_folder.ts";
import { ParallelWrites } from "./parallel_writes.ts";
import type { TarPart } from "./parts.ts";

/** Progress of reading a tar. */
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
  /** Ends the extraction after the current file. */
  readonly signal?: AbortSignal;
  /** Called with the progress after each file and at the end. */
  readonly onProgress?: (progress: TarProgress) => void;
  /** Called for each file whose name the file system does not take, with what is wrong. */
  readonly onSkipped?: (message: string) => void;
}

/** Counts of an extraction. */
export interface ExtractOutcome {
  /** Files that have been written. */
  readonly written: number;
  /** Files that were there already. */
  readonly kept: number;
  /** Files that were not written because the file system does not take their names. */
  readonly skipped: number;
  /** Whether the signal came before the end. */
  readonly stopped: boolean;
}

/** Files of up to this many bytes are held in memory, so that several are brought to the disk at once. */
const HELD_BYTES = 1 << 24;

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

/** Folders that files go to, each made and freed of what a killed process has left on first use. */
class Folders implements Disposable {
  readonly #root: string;
  readonly #overwrite: boolean;
  readonly #ready = new Set<string>();
  #lock: FolderLock | undefined;

  constructor(root: string, overwrite: boolean) {
    this.#overwrite = overwrite;
    // As `dirname` writes it, without a slash at the end.
    this.#root = dirname(join(root, "file"));
  }

  /** Makes a folder. The first one locks the root, so that a tar without files leaves nothing behind. */
  async make(folder: string): Promise<void> {
    if (this.#ready.has(folder)) return;
    if (this.#lock === undefined) {
      this.#lock = await FolderLock.acquire(this.#root);
      await this.make(this.#root);
    }
    // Folders above are freed as well.
    if (folder !== this.#root) await this.make(dirname(folder));
    try {
      await makeFolder(folder);
    } catch (error) {
      const cause = isGenviewError(error) ? error.cause : error;
      if (!["EEXIST", "ENOTDIR"].includes(systemCode(cause) ?? "")) throw error;
      throw new GenviewAlreadyExists(
        `Cannot make the folder ${folder}: it and those it is in must be folders, found a file`,
        { cause },
      );
    }
    if (this.#overwrite) {
      await checkWithinFolder(this.#root, [folder], "replace files", "--output-dir");
    }
    await removeTemporaries(folder);
    this.#ready.add(folder);
  }

  [Symbol.dispose](): void {
    this.#lock?.[Symbol.dispose]();
  }
}

/** Whether a file system does not take a file's name, because of its length or its characters. */
function isUnfit(error: unknown): boolean {
  const cause = isGenviewError(error) ? error.cause : error;
  return ["ENAMETOOLONG", "EINVAL"].includes(systemCode(cause) ?? "");
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

/**
 * Writes the files of a tar below a folder, which is locked meanwhile. Each appears whole or not at all. Those that are
 * there with the tar's size are kept, so that an extraction resumes where it was stopped; what one that was
 * killed has left half written is removed.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { IMAGES, split, tarOf } from "../../../tests/core/data/tar/made_tar.ts";
 * import { extractTar } from "./extract.ts";
 * import { findTarParts } from "./parts.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await split(await tarOf(IMAGES), `${folder}/train_variations.tar.`, 4000);
 * const parts = await findTarParts([`${folder}/train_variations.tar.*`]);
 * const stop = new AbortController();
 * const first = await extractTar(parts, `${folder}/out`, {
 *   signal: stop.signal,
 *   onProgress: ({ files }) => files === 2 && stop.abort(),
 * });
 * assertEquals([first.written, first.stopped], [2, true]);
 * const rest = await extractTar(parts, `${folder}/out`);
 * assertEquals([rest.written, rest.kept], [4, 2]);
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @throws {Deno.errors.AlreadyExists} if there is something else in the place of a file, or another process is at work
 * in the folder
 * @throws {GenviewError} if files are replaced and a symbolic link leads out of the folder, or the system refuses
 * @throws {TypeError} if the tar is damaged or truncated, or holds what is no file or leads out of the folder
 */
export async function extractTar(
  parts: readonly TarPart[],
  folder: string,
  { overwrite = false, signal, onProgress, onSkipped }: ExtractOptions = {},
): Promise<ExtractOutcome> {
  let [bytes, files, kept, skipped] = [0, 0, 0, 0];
  let stopped = false;
  using folders = new Folders(folder, overwrite);
  const writes = new ParallelWrites();
  const report = () => onProgress?.({ bytes, files });
  /** Does what a file needs; one whose name the file system does not take is passed over. */
  const attempt = async (path: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (!isUnfit(error)) throw error;
      skipped++;
      onSkipped?.((fileError(`write ${path}`, error) as Error).message);
    }
  };
  try {
    for await (const entry of tarEntries(parts, (read) => bytes = read)) {
      stopped = signal?.aborted ?? false;
      if (stopped) break;
      const path = join(folder, entry.path);
      await attempt(path, async () => {
        await folders.make(dirname(path));
        if (await isThere(path, entry.size, overwrite)) {
          kept++;
        } else if (entry.size > HELD_BYTES) {
          await writeNewFile(path, async (file) => {
            for await (const chunk of entry.read()) await writeAll(file, chunk);
          }, { overwrite });
        } else {
          const whole = await readWhole(entry);
          const write = () => writeNewFile(path, whole, { overwrite });
          await writes.begin(() => attempt(path, write));
        }
      });
      files++;
      report();
    }
    await writes.finish();
    report();
  } finally {
    await writes.settle();
  }
  return { written: files - kept - skipped, kept, skipped, stopped };
}
