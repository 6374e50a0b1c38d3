/**
 * Files that appear whole or not at all. Every file that the library writes in one piece goes through here.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { checkFree } from "./check_free.ts";
import { fileError } from "./file_error.ts";
import { ifThere } from "./if_there.ts";

/** How a file is written. */
export interface NewFileOptions {
  /** Whether an existing file may be replaced; by default it may not. */
  readonly overwrite?: boolean;
}

/** What a file is to hold: text, bytes, or what a function writes. */
export type FileContents = string | Uint8Array | ((file: Deno.FsFile) => Promise<void>);

/** Names of files that are being written. They are short, so that whatever name fits a file also fits its temporary. */
const TEMPORARY = /^\.genview-[0-9a-f]{8}\.tmp$/;

function temporaryBeside(path: string): string {
  return join(dirname(path), `.genview-${crypto.randomUUID().slice(0, 8)}.tmp`);
}

/** Writes all of `bytes` at the file's position. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
}

/** Brings the names in a folder to the disk, so that a rename outlives a power cut. Windows cannot, and need not. */
export async function syncFolder(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using opened = await Deno.open(folder);
  await opened.sync();
}

async function fill(file: Deno.FsFile, contents: FileContents): Promise<void> {
  if (typeof contents === "function") return await contents(file);
  const bytes = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
  await writeAll(file, bytes);
}

/**
 * Writes a file under a temporary name beside `path`, brings it to the disk, and only then gives it its name.
 * A reader never sees half of it, and a failure leaves nothing behind.
 *
 * @throws {GenviewAlreadyExists} if there is such a file and `overwrite` is not set
 * @throws {GenviewError} if the system refuses: a full or read-only disk, a name that is too long, a missing folder
 */
export async function writeNewFile(
  path: string,
  contents: FileContents,
  options: NewFileOptions = {},
): Promise<void> {
  try {
    if (!options.overwrite) await checkFree(path, "choose another or set overwrite");
    const temporary = temporaryBeside(path);
    try {
      {
        using file = await Deno.open(temporary, { write: true, createNew: true });
        await fill(file, contents);
        await file.sync();
      }
      await Deno.rename(temporary, path);
    } catch (error) {
      await Deno.remove(temporary).catch(() => {
        // The error that is on its way says more than that there is nothing to remove.
      });
      throw error;
    }
    await syncFolder(dirname(path));
  } catch (cause) {
    throw fileError(`write ${path}`, cause);
  }
}

/**
 * Writes a file that may be there already, into a folder that may not.
 *
 * @throws {GenviewAlreadyExists} if there is such a file and `overwrite` is not set
 * @throws {GenviewError} if the system refuses
 */
export async function writeNewFileInFolder(
  path: string,
  contents: FileContents,
  options: NewFileOptions = {},
): Promise<void> {
  await makeFolder(dirname(path));
  await writeNewFile(path, contents, options);
}

/**
 * Makes a folder and those above it; nothing happens where it is there.
 *
 * @throws {GenviewError} if the system refuses, or a part of the path is a file
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder, { recursive: true });
  } catch (cause) {
    throw fileError(`make the folder ${folder}`, cause);
  }
}

/**
 * Removes the temporary files and folders that a killed process has left in a folder; only who has locked it may do so.
 */
export async function removeTemporaries(folder: string): Promise<void> {
  for await (const { name, isSymlink } of Deno.readDir(folder)) {
    if (isSymlink || !TEMPORARY.test(name)) continue;
    await ifThere(Deno.remove(join(folder, name), { recursive: true }));
  }
}
