/**
 * Element types: their names, sizes and typed arrays.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";

/** The typed array that holds each element type on the host; `bfloat16` is held as its bits. */
export interface DataByDType {
  /** IEEE double precision. */
  readonly float64: Float64Array<ArrayBuffer>;
  /** IEEE single precision. */
  readonly float32: Float32Array<ArrayBuffer>;
  /** IEEE half precision. */
  readonly float16: Float16Array<ArrayBuffer>;
  /** The upper half of float32, as bits. */
  readonly bfloat16: Uint16Array<ArrayBuffer>;
  /** Signed, 64 bits. */
  readonly int64: BigInt64Array<ArrayBuffer>;
  /** Signed, 32 bits. */
  readonly int32: Int32Array<ArrayBuffer>;
  /** Signed, 16 bits. */
  readonly int16: Int16Array<ArrayBuffer>;
  /** Signed, 8 bits. */
  readonly int8: Int8Array<ArrayBuffer>;
  /** Unsigned, 16 bits. */
  readonly uint16: Uint16Array<ArrayBuffer>;
  /** Unsigned, 8 bits. */
  readonly uint8: Uint8Array<ArrayBuffer>;
  /** 0 or 1, a byte each. */
  readonly bool: Uint8Array<ArrayBuffer>;
}

/** Element type of a tensor. */
export type DType = keyof DataByDType;

/** The typed array of one element type. */
export type DataOf<D extends DType> = DataByDType[D];

interface DataConstructor {
  new (length: number): DataByDType[DType];
  new (buffer: ArrayBuffer, byteOffset?: number, length?: number): DataByDType[DType];
  readonly BYTES_PER_ELEMENT: number;
}

const CONSTRUCTORS: Readonly<Record<DType, DataConstructor>> = {
  float64: Float64Array,
  float32: Float32Array,
  float16: Float16Array,
  bfloat16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** Every element type, widest floats first. */
export const DTYPES: readonly DType[] = Object.keys(CONSTRUCTORS) as DType[];

/** Bytes that one element takes. */
export function byteSize(dtype: DType): number {
  return CONSTRUCTORS[dtype].BYTES_PER_ELEMENT;
}

/** Whether gradients can flow through values of this type. */
export function isFloat(dtype: DType): boolean {
  return dtype === "float64" || dtype === "float32" || dtype === "float16" || dtype === "bfloat16";
}

/** A zeroed array of `length` elements, in a buffer of its own. */
export function allocate<D extends DType>(dtype: D, length: number): DataOf<D> {
  return new CONSTRUCTORS[dtype](new ArrayBuffer(length * byteSize(dtype))) as DataOf<D>;
}

/**
 * A typed view of bytes in place, without a copy.
 *
 * @throws {RangeError} if the offset does not suit the type's alignment, or the bytes are no whole number of elements
 */
export function viewBytes<D extends DType>(dtype: D, bytes: Uint8Array<ArrayBuffer>): DataOf<D> {
  const size = byteSize(dtype);
  if (bytes.byteLength % size !== 0) {
    throw new GenviewRangeError(
      `Cannot view ${bytes.byteLength} bytes as ${dtype}: it takes ${size} bytes an element`,
    );
  }
  return new CONSTRUCTORS[dtype](bytes.buffer, bytes.byteOffset, bytes.byteLength / size) as DataOf<
    D
  >;
}
