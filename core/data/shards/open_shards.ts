/**
 * Data sets in shards: tars in the layout of WebDataset, or Parquet files.
 *
 * @module
 */
import { basename } from "node:path";
import { GenviewTypeError } from "../../errors/mod.ts";
import type { ClassList } from "../class_list.ts";
import type { Dataset, EncodedSource } from "../dataset.ts";
import { datasetOf } from "../dataset_of.ts";
import { ParquetImages } from "../parquet/parquet_images.ts";
import { normalizeKey } from "../relative_path.ts";
import { placedSource } from "./placed_source.ts";
import { labelSamples } from "./sample_labels.ts";
import { type IndexedShard, type IndexKind, indexShard } from "./shard_index.ts";
import { findShards, type ShardFiles, type ShardKind } from "./shard_names.ts";
import { repeatedKey, splitMember } from "./tar_samples.ts";

/** How shards are opened. */
export interface OpenShardsOptions {
  /** Classes that labels are numbers or names of; those that the shards themselves say by default. */
  readonly classes?: ClassList;
  /** Folder in which the indexes of the shards are kept (default that of the user's cache). */
  readonly cache?: string;
}

/** Shards that are gone through at a time. */
const AT_ONCE = 4;

/** Indexes of shards, in their order. */
export async function indexShards(
  paths: readonly string[],
  kind: IndexKind,
  cache?: string,
): Promise<IndexedShard[]> {
  const shards: IndexedShard[] = new Array(paths.length);
  const left = paths.entries();
  const work = async () => {
    for (const [i, path] of left) shards[i] = await indexShard(path, kind, cache);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return shards;
}

/** Refuses samples of which a part lies in another shard, and two samples of one key. */
function checkKeys(shards: readonly IndexedShard[]): void {
  const places = new Map<string, string>();
  for (const { path, paths, others } of shards) {
    for (const key of [...paths.map((each) => splitMember(each)![0]), ...others]) {
      const before = places.get(key);
      if (before !== undefined) throw repeatedKey(key, path, before);
      places.set(key, path);
    }
  }
}

/**
 * Keys of the rows of Parquet files: the paths of their images if each has one of its own, and otherwise file and row, such as
 * `train-00000-of-00002/17`.
 */
function keysOfRows(shards: readonly IndexedShard[]): string[] {
  const paths = shards.flatMap((shard) => shard.paths);
  if (!paths.includes("") && new Set(paths).size === paths.length) return paths.map(normalizeKey);
  return shards.flatMap(({ path, paths }) => {
    const name = basename(path).replace(/\.parquet$/i, "");
    return paths.map((_, row) => `${name}/${row}`);
  });
}

/** Keys of all samples, in order. */
function keysOf(shards: readonly IndexedShard[], kind: ShardKind): string[] {
  if (kind === "parquet") return keysOfRows(shards);
  checkKeys(shards);
  return shards.flatMap(({ paths }) => paths);
}

/** The image of a sample of a shard. */
function sourceOf(
  { path, bytes, offsets, sizes }: IndexedShard,
  within: number,
  key: string,
  rows: ParquetImages | undefined,
): EncodedSource {
  const place = rows !== undefined
    ? { path, row: within }
    : { path, bytes, offset: offsets[within]!, size: sizes[within]! };
  return placedSource(place, `${key} in ${path}`, rows);
}

/**
 * Opens shards as a data set, in their order: tars in the layout of WebDataset, whose samples are known by the paths of
 * their images, or Parquet files with a column of images. Images are read where they lie. What a shard holds is kept in the
 * user's cache, so that each is gone through once, of a tar only the headers and labels.
 *
 * Labels of a tar are those that stand in `cls` files, or else under `label` in `json`, or in `txt` as a whole number; where
 * there are none, the folders of the images are classes, as in a folder of images.
 *
 * @param name what reports call it
 * @throws {TypeError} if a shard is compressed, damaged or truncated, naming the byte; if the files of a sample lie apart, or labels
 * are none of the classes
 * @throws {GenviewError} if the system refuses
 */
export async function openShards(
  name: string,
  files: ShardFiles,
  { classes: list, cache }: OpenShardsOptions = {},
): Promise<Dataset> {
  const { kind } = files;
  const shards = await indexShards(files.paths, kind, cache);
  const keys = keysOf(shards, kind);
  if (keys.length === 0) {
    throw new GenviewTypeError(
      `Cannot open the shards "${name}": they must hold images, found none`,
    );
  }
  const { labels, classes } = labelSamples({
    name,
    keys: kind === "tar" ? keys : [],
    written: shards.flatMap((shard) => shard.labels),
    classes: shards[0]!.classes,
    list,
  });
  const rows = kind === "parquet" ? new ParquetImages() : undefined;
  const shardOf = Uint32Array.from(shards.flatMap((shard, i) => shard.paths.map(() => i)));
  const starts: number[] = [];
  let start = 0;
  for (const shard of shards) {
    starts.push(start);
    start += shard.paths.length;
  }
  const opened = datasetOf(name, keys.length, (index) => {
    const shard = shardOf[index]!;
    const label = labels?.[index] ?? -1;
    const key = keys[index]!;
    return {
      key,
      source: sourceOf(shards[shard]!, index - starts[shard]!, key, rows),
      ...(label >= 0 && { label }),
    };
  }, classes);
  return { ...opened, runs: shards.flatMap(({ runs }) => runs) };
}

/**
 * Opens the shards that a name stands for, as {@linkcode findShards} finds them.
 *
 * @returns undefined if the name is not one of shards
 */
export async function openNamedShards(
  name: string,
  options: OpenShardsOptions = {},
): Promise<Dataset | undefined> {
  const files = await findShards(name);
  return files === undefined ? undefined : await openShards(name, files, options);
}
