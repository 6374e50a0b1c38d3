/**
 * What a shard holds and where, kept in the user's cache, so that a shard is gone through once.
 *
 * The index of a shard is a file of JSON whose name is a digest of the shard's path; it holds for a shard of the size and
 * the time of change that it was made of.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { explainingFileErrors } from "../../files/file_error.ts";
import { ifThere } from "../../files/if_there.ts";
import { writeNewFileInFolder } from "../../files/new_file.ts";
import { userCache } from "../../files/user_cache.ts";
import { readParquetSamples } from "../parquet/parquet_samples.ts";
import type { ShardKind } from "./shard_names.ts";
import { readTarImages, readTarSamples } from "./tar_samples.ts";

/** What is looked for in a shard: samples of a tar or of a Parquet file, or every image of a tar by itself. */
export type IndexKind = ShardKind | "images";

/** A label as it is written: a number, or the name of a class. */
export type WrittenLabel = number | string;

/** The samples of one shard, in its order. */
export interface ShardSamples {
  /** Paths of their images; in a Parquet file empty where it says none. */
  readonly paths: readonly string[];
  /** Byte of a tar at which each image begins; none of a Parquet file, whose samples are its rows. */
  readonly offsets: readonly number[];
  /** Bytes of each image of a tar; none of a Parquet file. */
  readonly sizes: readonly number[];
  /** Label of each; null where there is none. */
  readonly labels: readonly (WrittenLabel | null)[];
  /** Names of the classes that labels are numbers of, where the shard says them. */
  readonly classes?: readonly string[];
  /** Keys that have files but no image, such as those whose image lies in another shard. */
  readonly others: readonly string[];
  /** Samples that are read together, one behind the other: all of a tar, each row group of a Parquet file. */
  readonly runs: readonly number[];
}

/** A shard and its samples. */
export interface IndexedShard extends ShardSamples {
  /** Where it lies. */
  readonly path: string;
  /** Its size in bytes. */
  readonly bytes: number;
}

const VERSION = 1;

const READERS: Readonly<Record<IndexKind, (path: string) => Promise<ShardSamples>>> = {
  tar: readTarSamples,
  parquet: readParquetSamples,
  images: readTarImages,
};

/** An index as it is kept. */
interface KeptIndex {
  readonly version: number;
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly samples: ShardSamples;
}

/** What an index in the cache says; undefined if there is none, or none that was written to its end. */
async function readKept(path: string): Promise<KeptIndex | undefined> {
  const text = await explainingFileErrors(`read ${path}`, ifThere(Deno.readTextFile(path)));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Whatever has spoilt it, the index is made again from the shard.
    return undefined;
  }
}

/**
 * What a shard holds: from the cache, or by going through the shard, of a tar through its headers and labels alone.
 *
 * @param cache folder of the indexes (default that of the user's cache)
 * @throws {TypeError} if the shard is damaged, truncated or compressed, naming it and the byte
 * @throws {GenviewError} if the system refuses to read it, or to write the index
 */
export async function indexShard(
  path: string,
  kind: IndexKind,
  cache: string = userCache("shards"),
): Promise<IndexedShard> {
  const action = `read the shard ${path}`;
  const place = await explainingFileErrors(action, Deno.realPath(path));
  const { size: bytes, mtime } = await explainingFileErrors(action, Deno.stat(path));
  const modified = mtime?.getTime() ?? 0;
  const name = createHash("sha256").update(`${kind} ${place}`).digest("hex").slice(0, 32);
  const file = `${cache}/${name}.json`;
  const kept = await readKept(file);
  const isSame = kept?.version === VERSION && kept.path === place && kept.bytes === bytes &&
    kept.modified === modified;
  if (isSame) return { path, bytes, ...kept.samples };
  const samples = await READERS[kind](path);
  const made: KeptIndex = { version: VERSION, path: place, bytes, modified, samples };
  await writeNewFileInFolder(file, JSON.stringify(made), { overwrite: true });
  return { path, bytes, ...samples };
}
