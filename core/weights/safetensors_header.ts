/**
 * The header of a safetensors file: which tensors lie where. Nothing here touches a file.
 *
 * {@link https://github.com/huggingface/safetensors#format | The format}: the header's length as a little-endian
 * 64-bit integer, the header as JSON, and the tensors' bytes without gaps.
 *
 * @module
 */
import { GenviewRangeError, GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import { byteSize, type DType } from "../engine/graph/dtype.ts";
import type { TensorType } from "../engine/graph/tensor.ts";
import { isTooDeep, MAX_JSON_DEPTH } from "../files/json.ts";

/** Bytes before the header: its length. */
export const HEADER_LENGTH_BYTES = 8;

/** Longest header that the format's own library accepts. */
export const MAX_HEADER_BYTES = 100_000_000;

const METADATA_KEY = "__metadata__";

/** Names of the format for our element types, in the order by which its library lays tensors out: last ones first. */
const DTYPE_BY_NAME: Readonly<Record<string, DType>> = {
  BOOL: "bool",
  U8: "uint8",
  I8: "int8",
  I16: "int16",
  U16: "uint16",
  F16: "float16",
  BF16: "bfloat16",
  I32: "int32",
  F32: "float32",
  F64: "float64",
  I64: "int64",
};

const NAMES = Object.keys(DTYPE_BY_NAME);
const NAME_BY_DTYPE = new Map(NAMES.map((name) => [DTYPE_BY_NAME[name]!, name]));

/** Bits of an element of the types that the format knows and this project does not compute with. */
const OTHER_BITS: Readonly<Record<string, number>> = {
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  F8_E4M3: 8,
  F8_E5M2: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  U32: 32,
  U64: 64,
  C64: 64,
};

/** Where a tensor lies: type, and bytes [start, end) counted from the end of the header. */
export interface TensorRange extends TensorType {
  readonly start: number;
  readonly end: number;
}

/** What a header says; tensors are in the order of their bytes. */
export interface SafetensorsHeader {
  /** Texts beside the tensors. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorRange>;
  /** Tensors of types that this project does not compute with, each with the reason. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** What a header says of one tensor. */
interface HeaderEntry {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Undefined if its element type is not supported. */
  readonly range: TensorRange | undefined;
  /** Name of its element type. */
  readonly dtype: string;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isLength(value: unknown): value is number {
  return Number.isSafeInteger(value) && !Object.is(value, -0) && (value as number) >= 0;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** Keys of a valid JSON object as they are written, of which `JSON.parse` keeps only the last of each name. */
function countKeys(json: string): number {
  let depth = 0;
  let count = 0;
  let inText = false;
  for (let i = 0; i < json.length; i++) {
    const sign = json[i];
    if (sign === '"') inText = !inText;
    else if (inText) i += Number(sign === "\\");
    else if (sign === "{" || sign === "[") depth++;
    else if (sign === "}" || sign === "]") depth--;
    else if (sign === ":" && depth === 1) count++;
  }
  return count;
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GenviewSyntaxError(`the header must be JSON in UTF-8, found: ${reason}`, { cause });
  }
  if (isTooDeep(text)) {
    throw new GenviewSyntaxError(
      `the header must have at most ${MAX_JSON_DEPTH} levels, found more`,
    );
  }
  if (!isRecord(value) || !text.startsWith("{")) {
    throw new GenviewSyntaxError(`the header must be a JSON object, found ${show(value)}`);
  }
  if (countKeys(text) !== Object.keys(value).length) {
    throw new GenviewSyntaxError(
      "each name must stand in the header once, found one of them twice",
    );
  }
  return value;
}

function parseMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value)) {
    throw new GenviewSyntaxError(
      `${METADATA_KEY} must be an object of texts, found ${show(value)}`,
    );
  }
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") {
      throw new GenviewSyntaxError(`${METADATA_KEY}.${key} must be a text, found ${show(text)}`);
    }
  }
  return value as Record<string, string>;
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function parseTensor(name: string, value: unknown): HeaderEntry {
  if (!isRecord(value)) {
    throw new GenviewSyntaxError(`tensor "${name}" must be an object, found ${show(value)}`);
  }
  const { dtype: typeName, shape, data_offsets: offsets } = value;
  if (typeof typeName !== "string") {
    throw new GenviewSyntaxError(
      `the element type of tensor "${name}" must be a text, found ${show(typeName)}`,
    );
  }
  if (!Array.isArray(shape) || !shape.every(isLength)) {
    throw new GenviewSyntaxError(
      `the shape of tensor "${name}" must be a list of lengths, found ${show(shape)}`,
    );
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isLength)) {
    throw new GenviewSyntaxError(
      `data_offsets of tensor "${name}" must be two positions, found ${show(offsets)}`,
    );
  }
  const [start, end] = offsets as [number, number];
  const dtype = own(DTYPE_BY_NAME, typeName);
  const bits = dtype === undefined ? own(OTHER_BITS, typeName) : 8 * byteSize(dtype);
  // Of a type that a later version of the format has brought, no one here knows the size.
  if (bits !== undefined) {
    const bytes = shape.reduce((product, length) => product * length, bits) / 8;
    if (end - start !== bytes) {
      const type = `${dtype ?? typeName}[${shape.join(",")}]`;
      throw new GenviewSyntaxError(
        `tensor "${name}" of type ${type} must take ${bytes} bytes, found [${start}, ${end})`,
      );
    }
  } else if (end < start) {
    throw new GenviewSyntaxError(
      `tensor "${name}" must end behind its start, found [${start}, ${end})`,
    );
  }
  const range = dtype === undefined ? undefined : { dtype, shape, start, end };
  return { name, start, end, range, dtype: typeName };
}

/**
 * Reads a header and checks all that it says: sizes, and that the tensors fill `dataBytes` bytes without holes or
 * overlaps. Tensors of element types that are not supported are listed apart.
 *
 * @param bytes the JSON text, padding included
 * @param dataBytes bytes of the file after the header
 * @throws {SyntaxError} if the header breaks a rule of the format
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number): SafetensorsHeader {
  const { [METADATA_KEY]: texts, ...values } = parseJson(bytes);
  const metadata = parseMetadata(texts);
  const entries = Object.entries(values).map(([name, value]) => parseTensor(name, value))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  const tensors = new Map<string, TensorRange>();
  const unreadable = new Map<string, string>();
  let position = 0;
  for (const { name, start, end, range, dtype } of entries) {
    if (start !== position) {
      throw new GenviewSyntaxError(
        `tensor "${name}" must start at byte ${position}, where the one before it ends, found ${start}`,
      );
    }
    position = end;
    if (range !== undefined) tensors.set(name, range);
    else {
      unreadable.set(
        name,
        `its element type must be one of ${NAMES.join(", ")}, found ${
          show(dtype)
        }: convert it first`,
      );
    }
  }
  if (position !== dataBytes) {
    throw new GenviewSyntaxError(
      `the tensors must fill the ${dataBytes} bytes after the header, found ${position}`,
    );
  }
  return { metadata, tensors, unreadable };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Tensors in the order in which the format's library lays them out: by type, wide ones first, so that each is
 * aligned, and then by name.
 */
export function layoutOrder<T extends TensorType>(
  tensors: Iterable<readonly [string, T]>,
): (readonly [string, T])[] {
  const rank = new Map(NAMES.map((name, place) => [DTYPE_BY_NAME[name]!, place]));
  return [...tensors].sort(([nameA, a], [nameB, b]) =>
    rank.get(b.dtype)! - rank.get(a.dtype)! || compareText(nameA, nameB)
  );
}

/**
 * The bytes before the first tensor: the header's length, then the header, padded by spaces to a multiple of 8.
 *
 * @param tensors types in the order of their bytes
 * @throws {TypeError} if a name stands twice or is the metadata's
 * @throws {RangeError} if the header gets longer than the format allows
 */
export function encodeHeader(
  tensors: Iterable<readonly [string, TensorType]>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const parts: string[] = [];
  const seen = new Set([METADATA_KEY]);
  const keys = Object.keys(metadata).sort(compareText);
  if (keys.length > 0) {
    const texts = keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`);
    parts.push(`"${METADATA_KEY}":{${texts.join(",")}}`);
  }
  let start = 0;
  for (const [name, { dtype, shape }] of tensors) {
    if (seen.has(name)) {
      throw new GenviewTypeError(`a tensor's name must be its own, found "${name}" in use`);
    }
    seen.add(name);
    const end = shape.reduce((product, length) => product * length, byteSize(dtype)) + start;
    const value = { dtype: NAME_BY_DTYPE.get(dtype), shape, data_offsets: [start, end] };
    parts.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
    start = end;
  }
  const json = new TextEncoder().encode(`{${parts.join(",")}}`);
  const length = Math.ceil(json.length / 8) * 8;
  if (length > MAX_HEADER_BYTES) {
    throw new GenviewRangeError(
      `a header must take at most ${MAX_HEADER_BYTES} bytes, found ${length}`,
    );
  }
  const bytes = new Uint8Array(HEADER_LENGTH_BYTES + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, HEADER_LENGTH_BYTES);
  return bytes;
}
