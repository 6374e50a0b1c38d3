/**
 * Copies of folders.
 *
 * @module
 */
import { join } from "node:path";

/** Copies a folder with all that lies in it. */
export async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if (isDirectory) await copy(source, target);
    else await Deno.copyFile(source, target);
  }
}
