/**
 * Files that appear whole or not at all.
 *
 * @module
 */
import { GenviewAlreadyExists } from "../errors/mod.ts";

/** Whether an existing file may be replaced; by default it may not. */
export interface NewFileOptions {
  readonly overwrite?: boolean;
}

/** Writes all of `bytes` at the file's position. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Writes a file under a temporary name beside `path`, brings it to the disk, and only then gives it its name.
 * A reader never sees half of it, and a failure leaves nothing behind.
 *
 * @param write what fills the file
 * @throws {Deno.errors.AlreadyExists} if there is such a file and `overwrite` is not set
 */
export async function writeNewFile(
  path: string,
  write: (file: Deno.FsFile) => Promise<void>,
  options: NewFileOptions = {},
): Promise<void> {
  if (!options.overwrite && await exists(path)) {
    throw new GenviewAlreadyExists(
      `Cannot write ${path}: the name must be free, found a file; choose another or set overwrite`,
    );
  }
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    using file = await Deno.open(temporary, { write: true, createNew: true });
    await write(file);
    await file.sync();
  } catch (error) {
    await Deno.remove(temporary).catch(() => {
      // The error that is on its way says more than that there is nothing to remove.
    });
    throw error;
  }
  await Deno.rename(temporary, path);
}
