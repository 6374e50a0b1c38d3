/**
 * Variations in tar shards.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import type { EncodedSource } from "../dataset.ts";
import { normalizeKey } from "../relative_path.ts";
import { openVariationFolder, type VariationFiles } from "../variations.ts";
import { indexShards } from "./open_shards.ts";
import { placedSource } from "./placed_source.ts";
import type { ShardFiles } from "./shard_names.ts";
import { fileError } from "../../files/file_error.ts";

/** Where the images of tars lie, by their paths in these. */
export async function imagesOfTars(tars: readonly string[]): Promise<Map<string, EncodedSource>> {
  const sources = new Map<string, EncodedSource>();
  for (const { path, bytes, paths, offsets, sizes } of await indexShards(tars, "images")) {
    for (const [i, image] of paths.entries()) {
      const place = { path, bytes, offset: offsets[i]!, size: sizes[i]! };
      sources.set(normalizeKey(image), placedSource(place, `${image} in ${path}`));
    }
  }
  return sources;
}

/** The tars in a folder, in order. */
export async function tarsIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (!isDirectory && name.endsWith(".tar") && !name.startsWith(".")) names.push(name);
    }
  } catch (cause) {
    throw fileError(`look for tars in ${folder}`, cause);
  }
  return names.sort().map((name) => `${folder}/${name}`);
}

/** Variations by their paths in tars, and such as lie beside these as files. */
function variationsFrom(
  name: string,
  sources: ReadonlyMap<string, EncodedSource>,
  files?: VariationFiles,
): VariationFiles {
  const loose = new Set((files?.paths ?? []).filter((path) => !sources.has(path)));
  return {
    name,
    paths: [...sources.keys(), ...loose],
    source(path) {
      const key = normalizeKey(path);
      const found = sources.get(key) ?? (loose.has(key) ? files!.source(key) : undefined);
      if (found !== undefined) return found;
      throw new GenviewRangeError(
        `Cannot give an image of ${name}: it must be in it, found ${path}`,
      );
    },
  };
}

/**
 * Opens tars as variations, each image by its path within its tar.
 *
 * @throws {TypeError} if a tar is damaged, or the shards are Parquet files
 */
export async function openVariationShards(
  name: string,
  { kind, paths }: ShardFiles,
): Promise<VariationFiles> {
  if (kind === "tar") return variationsFrom(name, await imagesOfTars(paths));
  throw new GenviewTypeError(
    `Cannot open the variations "${name}": they must be a folder, a list, an index or tars, found Parquet files`,
  );
}

/**
 * Finds the variations in a folder: the images of the tars that lie in it, and files below it.
 *
 * @throws {Deno.errors.NotFound} if there is no such folder
 * @throws {TypeError} if a tar is damaged
 */
export async function openVariationsIn(folder: string): Promise<VariationFiles> {
  const files = await openVariationFolder(folder);
  const tars = await tarsIn(folder);
  return tars.length === 0 ? files : variationsFrom(folder, await imagesOfTars(tars), files);
}
