/**
 * Data sets in shards: tars in the layout of WebDataset, and Parquet files.
 *
 * @module
 */
export { openNamedShards, openShards, type OpenShardsOptions } from "./open_shards.ts";
export { findShards, isShardName, type ShardFiles, type ShardKind } from "./shard_names.ts";
