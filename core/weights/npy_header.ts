/**
 * The header of an .npy file: element type, order and shape. Nothing here touches a file.
 *
 * {@link https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html | The format}: a magic text, the
 * version, the header's length, and the header as the text of a Python dictionary.
 *
 * @module
 */
import { GenviewRangeError, GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import type { DType } from "../engine/graph/dtype.ts";
import type { TensorType } from "../engine/graph/tensor.ts";

/** Bytes before the header's length: a magic text and the version. */
const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);

/** Bytes of the longest prefix: magic text, version, and the length in 32 bits. */
export const MAX_PREFIX_BYTES = 12;

/** Longest header that is read; NumPy's own limit for files that are not trusted is 10,000. */
const MAX_HEADER_BYTES = 1 << 16;

/** The data begin at a multiple of this. */
const ALIGNMENT = 64;

/** Digits that NumPy leaves room for in the first axis, so that a file can be appended to in place. */
const GROWING_DIGITS = 21;

const DESCRIPTION_BY_DTYPE: Readonly<Partial<Record<DType, string>>> = {
  float64: "<f8",
  float32: "<f4",
  float16: "<f2",
  int64: "<i8",
  int32: "<i4",
  int16: "<i2",
  int8: "|i1",
  uint16: "<u2",
  uint8: "|u1",
  bool: "|b1",
};

const DTYPE_BY_DESCRIPTION = new Map(
  Object.entries(DESCRIPTION_BY_DTYPE).map(([dtype, text]) => [text, dtype as DType]),
);

/** What a header says. */
export interface NpyHeader extends TensorType {
  /** Whether the first axis runs fastest. */
  readonly columnMajor: boolean;
}

/**
 * Where the header lies, from a file's first bytes.
 *
 * @throws {SyntaxError} if they are not those of the format
 */
export function locateNpyHeader(prefix: Uint8Array): { start: number; end: number } {
  const major = prefix[6];
  if (prefix.length < MAX_PREFIX_BYTES || MAGIC.some((byte, i) => prefix[i] !== byte)) {
    throw new GenviewSyntaxError('an .npy file must begin with "\\x93NUMPY" and its version');
  }
  if (major !== 1 && major !== 2 && major !== 3) {
    throw new GenviewSyntaxError(`the version must be 1, 2 or 3, found ${major}`);
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  const start = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER_BYTES) {
    throw new GenviewSyntaxError(
      `the header must take at most ${MAX_HEADER_BYTES} bytes, found ${length}`,
    );
  }
  return { start, end: start + length };
}

function show(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}

/** An entry of the dictionary: what stands behind its key, by a pattern. */
function entry(text: string, key: string, value: string): string {
  const found = [...text.matchAll(new RegExp(`(['"])${key}\\1\\s*:\\s*(${value})\\s*[,}]`, "g"))];
  if (found.length === 1) return found[0]![2]!;
  throw new GenviewSyntaxError(`the header must have one ${key}, found ${show(text)}`);
}

/** The lengths in a tuple's text; one alone has a comma behind it, and Python 2 put an L behind long ones. */
function parseShape(text: string): number[] {
  const parts = text.slice(1, -1).split(",").map((part) => part.trim());
  if (parts.at(-1) === "") parts.pop();
  const lengths = parts.map((part) => /^\d+L?$/.test(part) ? Number.parseInt(part) : NaN);
  if (lengths.every((length) => Number.isSafeInteger(length))) return lengths;
  throw new GenviewSyntaxError(`the shape must have lengths below 2^53, found ${show(text)}`);
}

/**
 * Reads a header's text.
 *
 * @throws {SyntaxError} if it is not the text of such a dictionary
 * @throws {TypeError} if the element type is not supported
 */
export function parseNpyHeader(text: string): NpyHeader {
  const plain = /^\s*\{[^{}]*\}\s*$/.test(text);
  if (!plain || [...text.matchAll(/(['"])\w+\1\s*:/g)].length !== 3) {
    throw new GenviewSyntaxError(
      `the header must be a dictionary of descr, fortran_order and shape, found ${show(text)}`,
    );
  }
  const order = entry(text, "fortran_order", "True|False");
  const shape = parseShape(entry(text, "shape", "\\([\\d\\sL,]*\\)"));
  const description = entry(text, "descr", "'[^']*'|\"[^\"]*\"|\\[.*\\]");
  const dtype = DTYPE_BY_DESCRIPTION.get(description.slice(1, -1));
  if (dtype === undefined) {
    throw new GenviewTypeError(
      `the element type must be one of ${[...DTYPE_BY_DESCRIPTION.keys()].join(", ")}, found ${
        show(description)
      }`,
    );
  }
  return { dtype, shape, columnMajor: order === "True" };
}

/**
 * The bytes before the data, byte for byte as NumPy writes them, in version 1.0 of the format.
 *
 * @throws {TypeError} if NumPy has no such element type
 */
export function encodeNpyHeader({ dtype, shape }: TensorType): Uint8Array<ArrayBuffer> {
  const description = DESCRIPTION_BY_DTYPE[dtype];
  if (description === undefined) {
    throw new GenviewTypeError(`the element type must be one that NumPy has, found ${dtype}`);
  }
  const lengths = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const growth = shape.length > 0 ? " ".repeat(GROWING_DIGITS - String(shape[0]).length) : "";
  const text =
    `{'descr': '${description}', 'fortran_order': False, 'shape': (${lengths}), }${growth}`;
  const start = MAGIC.length + 4;
  const end = Math.ceil((start + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  if (end - start > 0xffff) {
    throw new GenviewRangeError(`a header must take at most ${0xffff} bytes, found ${end - start}`);
  }
  const bytes = new Uint8Array(end).fill(0x20);
  bytes.set(MAGIC);
  bytes.set([1, 0, (end - start) & 0xff, (end - start) >> 8], MAGIC.length);
  bytes.set(new TextEncoder().encode(text), start);
  bytes[end - 1] = 0x0a;
  return bytes;
}
