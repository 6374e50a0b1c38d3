/**
 * Variations in tar shards.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import type { EncodedSource } from "../dataset.ts";
import { normalizeKey } from "../relative_path.ts";
import type { VariationFiles } from "../variations.ts";
import { openShards } from "./open_shards.ts";
import type { ShardFiles } from "./shard_names.ts";

/**
 * Opens shards as variations, each by the path of its image within the tar.
 *
 * @param others variations that lie beside the shards as files; one that a shard has too is taken from there
 * @throws {TypeError} if a shard is damaged, or the shards are Parquet files
 */
export async function openVariationShards(
  name: string,
  files: ShardFiles,
  others?: VariationFiles,
): Promise<VariationFiles> {
  if (files.kind === "parquet") {
    throw new GenviewTypeError(
      `Cannot open the variations "${name}": they must be a folder, a list, an index or tars, found Parquet files`,
    );
  }
  const dataset = await openShards(name, files);
  const sources = new Map<string, EncodedSource>();
  for (let i = 0; i < dataset.length; i++) {
    const { key, source } = dataset.sample(i);
    if (source.kind === "encoded") sources.set(normalizeKey(key), source);
  }
  const loose = (others?.paths ?? []).filter((path) => !sources.has(path));
  const beside = new Set(loose);
  return {
    name,
    paths: [...sources.keys(), ...loose],
    source(path) {
      const key = normalizeKey(path);
      const found = sources.get(key) ?? (beside.has(key) ? others!.source(key) : undefined);
      if (found !== undefined) return found;
      throw new GenviewRangeError(
        `Cannot give an image of ${name}: it must be in it, found ${path}`,
      );
    },
  };
}
