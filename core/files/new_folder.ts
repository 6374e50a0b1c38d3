/**
 * Folders that appear whole or not at all.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { checkFree } from "./check_free.ts";
import { fileError } from "./file_error.ts";
import { makeFolder, syncFolder } from "./new_file.ts";

/**
 * Fills a folder under a temporary name beside `path`, and only then gives it its name. A failure leaves nothing behind.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeNewFolder } from "./new_folder.ts";
 *
 * const parent = await Deno.makeTempDir();
 * await writeNewFolder(`${parent}/numbers`, (folder) => Deno.writeTextFile(`${folder}/one.txt`, "1"));
 * assertEquals(await Deno.readTextFile(`${parent}/numbers/one.txt`), "1");
 * await Deno.remove(parent, { recursive: true });
 * ```
 *
 * @param path the folder; those above it are made where they are missing
 * @param fill writes into the folder that it is given
 * @throws {GenviewAlreadyExists} if there is a file or folder of this name
 * @throws {GenviewError} if the system refuses: a full or read-only disk, a name that is too long
 */
export async function writeNewFolder(
  path: string,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  await checkFree(path, "choose another");
  const above = dirname(path);
  await makeFolder(above);
  const temporary = join(above, `.genview-${crypto.randomUUID().slice(0, 8)}.tmp`);
  try {
    await Deno.mkdir(temporary);
    try {
      await fill(temporary);
      await syncFolder(temporary);
      await checkFree(path, "choose another");
      await Deno.rename(temporary, path);
    } catch (error) {
      await Deno.remove(temporary, { recursive: true }).catch(() => {
        // The error that is on its way says more than that there is nothing to remove.
      });
      throw error;
    }
    await syncFolder(above);
  } catch (cause) {
    throw fileError(`write ${path}`, cause);
  }
}
