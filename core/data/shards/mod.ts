/**
 * Data sets in shards: tars in the layout of WebDataset, and Parquet files.
 *
 * @module
 */
export { openNamedShards, openShards, type OpenShardsOptions } from "./open_shards.ts";
export { placedSource } from "./placed_source.ts";
export { imagesOfTars, openVariationShards, openVariationsIn, tarsIn } from "./shard_variations.ts";
export { findShards, isShardName, type ShardFiles, type ShardKind } from "./shard_names.ts";
