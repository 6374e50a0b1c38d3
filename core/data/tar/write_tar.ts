/**
 * Writing a tar.
 *
 * @module
 */
import { pack } from "../../deps/tar_stream.ts";
import { writeAll, writeNewFile } from "../../files/new_file.ts";

/** A file that goes into a tar. */
export interface FileOfTar {
  /** Its path in the tar's tree, with slashes. */
  readonly path: string;
  /** What it holds. */
  readonly bytes: Uint8Array;
}

/** When all files of a tar were changed: what is made again of the same files is the same to the byte. */
const MODIFIED = new Date(0);

/**
 * Writes files into a tar, one after the other. It appears whole or not at all.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeTar } from "./write_tar.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await writeTar(`${folder}/cats.tar`, [{ path: "cats/0.png", bytes: Uint8Array.of(1, 2, 3) }]);
 * const { size } = await Deno.stat(`${folder}/cats.tar`);
 * // A block for the name, one for the bytes, and two of zeros.
 * assertEquals(size, 4 * 512);
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @throws {GenviewAlreadyExists} if there is such a file
 * @throws {GenviewError} if the system refuses
 */
export async function writeTar(
  path: string,
  files: Iterable<FileOfTar> | AsyncIterable<FileOfTar>,
): Promise<void> {
  const packer = pack();
  async function fill(): Promise<void> {
    try {
      for await (const { path: name, bytes } of files) {
        // The next is read when this one is on its way, so that few are held at a time.
        await new Promise<void>((resolve, reject) =>
          packer.entry(
            { name, size: bytes.length, mtime: MODIFIED, mode: 0o644 },
            bytes as Uint8Array<ArrayBuffer>,
            (error) => error ? reject(error) : resolve(),
          )
        );
      }
      packer.finalize();
    } catch (error) {
      packer.destroy(error as Error);
    }
  }
  await writeNewFile(path, async (file) => {
    const filling = fill();
    for await (const chunk of packer) await writeAll(file, chunk as Uint8Array);
    await filling;
  });
}
