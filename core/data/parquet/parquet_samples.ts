/**
 * The samples of a Parquet file: a row is one.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import type { ShardSamples, WrittenLabel } from "../shards/shard_index.ts";
import { type ColumnPath, openParquet, readColumns } from "./parquet_file.ts";

/** A label as a column has it. */
function labelOf(value: unknown, row: number, path: string): WrittenLabel | null {
  if (value === undefined) return null;
  if (typeof value === "string") return value;
  const number = Number(value);
  const isNumber = typeof value === "number" || typeof value === "bigint";
  if (isNumber && Number.isSafeInteger(number) && number >= -1) return number < 0 ? null : number;
  throw new GenviewTypeError(
    `Cannot read the shard ${path}: a label must be a whole number or a name, found ${value} in row ${row}`,
  );
}

/**
 * Reads what samples a Parquet file has, without its images: their paths, empty where the file says none, and their labels,
 * of which -1 is none.
 *
 * @throws {TypeError} if the file is damaged, has no column of images, or its labels are neither whole numbers nor names
 */
export async function readParquetSamples(path: string): Promise<ShardSamples> {
  const file = await openParquet(path);
  const { columns, metadata } = file;
  const count = Number(metadata.num_rows);
  const read = async (column: ColumnPath | undefined) =>
    column === undefined ? undefined : (await readColumns(file, [column], 0, count))[0];
  const names = await read(columns.path);
  const labels = await read(columns.label);
  return {
    paths: Array.from({ length: count }, (_, row) => (names?.[row] as string | undefined) ?? ""),
    offsets: [],
    sizes: [],
    labels: Array.from({ length: count }, (_, row) => labelOf(labels?.[row], row, path)),
    ...(columns.classes && { classes: columns.classes }),
    others: [],
    runs: metadata.row_groups.map(({ num_rows }) => Number(num_rows)),
  };
}
