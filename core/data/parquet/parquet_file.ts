/**
 * A Parquet file of images: where its images and labels stand, and reading these columns alone.
 *
 * @module
 */
import {
  type AsyncBuffer,
  compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaTree,
} from "../../deps/parquet.ts";
import { GenviewTypeError, isGenviewError } from "../../errors/mod.ts";
import { explainingFileErrors } from "../../files/file_error.ts";
import { readRange } from "../tar/parts.ts";

/** A column, by the names that lead to it from the root. */
export type ColumnPath = readonly string[];

/** The columns of a file that samples are made of. */
export interface ImageColumns {
  /** The bytes of the images' files. */
  readonly bytes: ColumnPath;
  /** What the images are called, if the file says it. */
  readonly path?: ColumnPath;
  /** Numbers or names of classes. */
  readonly label?: ColumnPath;
  /** Names of the classes that labels are numbers of. */
  readonly classes?: readonly string[];
}

/** An open file; nothing stays open between reads. */
export interface ParquetFile {
  /** Where it lies. */
  readonly path: string;
  /** What its footer says. */
  readonly metadata: FileMetaData;
  /** Where images and labels stand. */
  readonly columns: ImageColumns;
  /** Its bytes. */
  readonly buffer: AsyncBuffer;
}

/** What a failure within the file is, in words that name it. */
function damaged(path: string, where: string, cause: unknown): unknown {
  if (isGenviewError(cause)) return cause;
  const found = cause instanceof Error ? cause.message : String(cause);
  return new GenviewTypeError(
    `Cannot read the shard ${path}: it must be a whole Parquet file, found damage ${where}: ${found}`,
    { cause },
  );
}

/** Whether a column holds bytes, rather than texts or numbers. */
function holdsBytes({ element, children }: SchemaTree): boolean {
  const isText = element.converted_type === "UTF8" || element.logical_type?.type === "STRING";
  return children.length === 0 && element.type === "BYTE_ARRAY" && !isText;
}

/** A part of Hugging Face's description of a data set's columns. */
interface HubFeature {
  readonly _type?: string;
  readonly names?: readonly string[];
}

/** How `datasets` of Hugging Face describes the columns in the footer. */
function hubFeatures({ key_value_metadata: pairs = [] }: FileMetaData): Record<string, HubFeature> {
  const text = pairs.find(({ key }) => key === "huggingface")?.value;
  if (text === undefined) return {};
  try {
    return JSON.parse(text).info?.features ?? {};
  } catch {
    // The columns are found by their names and types then.
    return {};
  }
}

/** The column of images: what the hub says, or the one that is called so, or the only one that holds bytes. */
function findImages(root: SchemaTree, features: Record<string, HubFeature>, path: string) {
  const bytesOf = (column: SchemaTree) =>
    holdsBytes(column)
      ? column
      : column.children.find((child) => child.element.name === "bytes" && holdsBytes(child));
  const holding = root.children.filter((column) => bytesOf(column) !== undefined);
  const said = holding.filter(({ element: { name } }) => features[name]?._type === "Image");
  const named = holding.filter(({ element: { name } }) => /^(image|img|jpg|png)$/.test(name));
  const column = said[0] ?? named[0] ?? (holding.length === 1 ? holding[0] : undefined);
  if (column !== undefined) return { column, bytes: bytesOf(column)! };
  throw new GenviewTypeError(
    `Cannot read the shard ${path}: one column must hold the bytes of images, such as "image", found ${
      root.children.map(({ element }) => element.name).join(", ")
    }`,
  );
}

/** The column of labels: what is called so, or else the first that the hub says to be one. */
function findLabels(root: SchemaTree, features: Record<string, HubFeature>) {
  const columns = root.children.filter(({ children }) => children.length === 0);
  return columns.find(({ element }) => element.name === "label") ??
    columns.find(({ element: { name } }) => features[name]?._type === "ClassLabel");
}

/** Finds the columns of a file. */
function findColumns(metadata: FileMetaData, path: string): ImageColumns {
  const root = parquetSchema(metadata);
  const features = hubFeatures(metadata);
  const { column, bytes } = findImages(root, features, path);
  const name = column.children.find((child) => child.element.name === "path");
  const label = findLabels(root, features);
  const classes = label && features[label.element.name]?.names;
  return {
    bytes: bytes.path,
    ...(name && { path: name.path }),
    ...(label && { label: label.path }),
    ...(classes && { classes }),
  };
}

/**
 * Opens a Parquet file of images, as pyarrow and `datasets` of Hugging Face write them: a column of bytes, or of structs
 * with `bytes` and `path`.
 *
 * @throws {TypeError} if it is damaged, or has no column of images
 * @throws {GenviewError} if the system refuses
 */
export async function openParquet(path: string): Promise<ParquetFile> {
  const { size } = await explainingFileErrors(`read the shard ${path}`, Deno.stat(path));
  const buffer: AsyncBuffer = {
    byteLength: size,
    async slice(start, end = size) {
      return (await readRange([{ path, size }], start, end - start)).buffer;
    },
  };
  try {
    const metadata = await parquetMetadataAsync(buffer);
    return { path, metadata, columns: findColumns(metadata, path), buffer };
  } catch (cause) {
    throw damaged(path, `at its end, byte ${size}`, cause);
  }
}

/** The metadata of a file as if it had some columns alone: what a struct holds besides is not read. */
function withColumns(metadata: FileMetaData, columns: readonly ColumnPath[]): FileMetaData {
  const wanted = new Set(columns.map((column) => column.join(".")));
  const keep = (node: SchemaTree): FileMetaData["schema"] => {
    if (node.children.length === 0) return wanted.has(node.path.join(".")) ? [node.element] : [];
    const children = node.children.map(keep).filter((each) => each.length > 0);
    if (children.length === 0) return [];
    return [{ ...node.element, num_children: children.length }, ...children.flat()];
  };
  return {
    ...metadata,
    schema: keep(parquetSchema(metadata)),
    row_groups: metadata.row_groups.map((group) => ({
      ...group,
      columns: group.columns.filter(({ meta_data }) =>
        wanted.has(meta_data?.path_in_schema.join(".") ?? "")
      ),
    })),
  };
}

/** What stands in a column of a row; undefined where it or what it is a part of is null. */
function valueOf(row: unknown, column: ColumnPath): unknown {
  const value = column.reduce<unknown>((part, name) => Object(part)[name], row);
  return value ?? undefined;
}

/**
 * Reads some columns of rows.
 *
 * @returns for each column, what stands in the rows; undefined where nothing does
 * @throws {TypeError} if the file is damaged there, naming the byte
 */
export async function readColumns(
  { path, metadata, buffer: file }: ParquetFile,
  columns: readonly ColumnPath[],
  rowStart: number,
  rowEnd: number,
): Promise<unknown[][]> {
  if (columns.length === 0) return [];
  const some = withColumns(metadata, columns);
  try {
    const rows = await parquetReadObjects({
      ...{ file, metadata: some, rowStart, rowEnd, compressors, utf8: false },
    });
    return columns.map((column) => rows.map((row) => valueOf(row, column)));
  } catch (cause) {
    const first = groupAt(some, rowStart)?.columns[0]?.meta_data;
    const offset = first?.dictionary_page_offset ?? first?.data_page_offset ?? 0n;
    throw damaged(path, `in the rows from ${rowStart}, from byte ${offset}`, cause);
  }
}

/** The row group that a row is in. */
function groupAt({ row_groups }: FileMetaData, row: number): FileMetaData["row_groups"][number] {
  let end = 0;
  return row_groups.find(({ num_rows }) => (end += Number(num_rows)) > row)!;
}
