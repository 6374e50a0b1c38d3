/**
 * The variations that folders have, by image.
 *
 * @module
 */
import { join } from "node:path";
import { fileSource, imagesOfTars, type ImageSource } from "../data/mod.ts";
import { packedPaths } from "./packed_variations.ts";
import { type ManifestLine, readManifests } from "./manifest.ts";

/** A variation that exists, as its manifest describes it. */
export interface FoundVariation extends ManifestLine {
  /** Where its file lies, or would if it were not in a tar. */
  readonly file: string;
  /** Its image. */
  readonly image: ImageSource;
}

/**
 * Finds the variations that the manifests of folders have, by the path of their image within the tree that is mirrored.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findVariations } from "./find_variations.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const line = { path: "cats/0.jpg", source: "cats/0.png", index: 0, level: 200 };
 * await Deno.writeTextFile(`${folder}/manifest.jsonl`, JSON.stringify(line) + "\n");
 * const found = await findVariations([folder]);
 * assertEquals(found.get("cats/0.png")?.map(({ path, level }) => [path, level]), [["cats/0.jpg", 200]]);
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @throws {SyntaxError} if a line of a manifest is malformed
 */
export async function findVariations(
  folders: readonly string[],
): Promise<Map<string, FoundVariation[]>> {
  const found = new Map<string, FoundVariation[]>();
  for (const folder of folders) {
    const packed = await imagesOfTars(await packedPaths(folder));
    for await (const line of readManifests(folder)) {
      const file = join(folder, line.path);
      const variation = { ...line, file, image: packed.get(line.path) ?? fileSource(file) };
      const others = found.get(line.source);
      if (others === undefined) found.set(line.source, [variation]);
      else others.push(variation);
    }
  }
  return found;
}
