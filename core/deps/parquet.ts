/**
 * Parquet files: their metadata and rows, and what decompresses their pages.
 *
 * @module
 */
export {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaTree,
} from "npm:hyparquet@1.33.0";
export { compressors } from "npm:hyparquet-compressors@1.1.2";
