/**
 * What collectives move: typed arrays.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../errors/mod.ts";
import { addressOf } from "./mpi_library.ts";
import type { MpiElement } from "./mpi_signatures.ts";

/**
 * A typed array that collectives move. Half precision, as `Float16Array` or its bits in a `Uint16Array`, is gathered and
 * broadcast, but not reduced.
 */
export type CollectiveArray =
  | Float64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float16Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

/** How the elements of all ranks become one: their sum, their mean, or the largest. */
export type Reduction = "sum" | "mean" | "max";

/** Memory that MPI reads or writes, of elements of one type. */
export interface CollectiveMemory {
  readonly address: bigint;
  /** Elements. */
  readonly length: number;
  readonly element: MpiElement;
  /** Bytes of an element. */
  readonly width: number;
  /** What must not be freed meanwhile. */
  readonly owner: unknown;
}

interface ArrayKind {
  readonly element: MpiElement;
  readonly make: new (buffer: ArrayBuffer) => CollectiveArray;
}

const KINDS: Readonly<Record<CollectiveArray[typeof Symbol.toStringTag], ArrayKind>> = {
  Float64Array: { element: "float64", make: Float64Array },
  Float32Array: { element: "float32", make: Float32Array },
  // MPI has no half precision; whoever only moves it may take it for whole numbers.
  Float16Array: { element: "uint16", make: Float16Array },
  BigInt64Array: { element: "int64", make: BigInt64Array },
  Int32Array: { element: "int32", make: Int32Array },
  Int16Array: { element: "int16", make: Int16Array },
  Int8Array: { element: "int8", make: Int8Array },
  Uint16Array: { element: "uint16", make: Uint16Array },
  Uint8Array: { element: "uint8", make: Uint8Array },
};

/**
 * The memory of a typed array.
 *
 * @throws {TypeError} if the array is of another kind, or its buffer is detached
 */
export function memoryOf(data: CollectiveArray): CollectiveMemory {
  const kind: ArrayKind | undefined = KINDS[data[Symbol.toStringTag]];
  // Asking for the buffer also takes the elements of a small array out of the heap, where they could move.
  if (kind === undefined || data.buffer.detached) {
    throw new GenviewTypeError(
      `Cannot share data among ranks: it must be a typed array of numbers in memory, found ${
        kind === undefined ? data[Symbol.toStringTag] : "a detached one"
      }`,
    );
  }
  return {
    address: data.length === 0 ? 0n : addressOf(data),
    length: data.length,
    element: kind.element,
    width: data.BYTES_PER_ELEMENT,
    owner: data,
  };
}

/** A part of a memory. */
export function memoryPart(whole: CollectiveMemory, start: number, length: number): bigint {
  if (start + length > whole.length) {
    throw new Error(`Internal: ${length} from ${start} on are not in ${whole.length}`);
  }
  return whole.address + BigInt(start * whole.width);
}

/** An array of the same kind, of another length. */
export function arrayLike<T extends CollectiveArray>(data: T, length: number): T {
  const { make } = KINDS[data[Symbol.toStringTag]];
  return new make(new ArrayBuffer(length * data.BYTES_PER_ELEMENT)) as T;
}

/**
 * Checks that elements can be reduced.
 *
 * @param action what cannot be done otherwise, such as `all-reduce`
 * @throws {TypeError} if the elements are of half precision, or whole numbers to be averaged
 */
export function checkReducible(action: string, element: MpiElement, reduction: Reduction): void {
  if (element === "uint16") {
    throw new GenviewTypeError(
      `Cannot ${action}: MPI computes in float32, float64 and whole numbers, found half precision or ` +
        "uint16; convert to float32",
    );
  }
  if (reduction === "mean" && !element.startsWith("float")) {
    throw new GenviewTypeError(
      `Cannot ${action}: the mean of whole numbers may be none, found ${element}; reduce by sum`,
    );
  }
}

/** The address behind a memory. */
function endOf({ address, length, width }: CollectiveMemory): bigint {
  return address + BigInt(length * width);
}

/**
 * Checks that a target has room for a result, beside the data.
 *
 * @param length of the result
 * @throws {TypeError} if it is of another element type
 * @throws {RangeError} if it is of another length, or overlaps the data
 */
export function checkTarget(
  action: string,
  data: CollectiveMemory,
  target: CollectiveMemory,
  length: number,
): void {
  if (target.element !== data.element) {
    throw new GenviewTypeError(
      `Cannot ${action}: the target must have the data's element type ${data.element}, found ${target.element}`,
    );
  }
  if (target.length !== length) {
    throw new GenviewRangeError(
      `Cannot ${action}: the target must have ${length} elements, found ${target.length}`,
    );
  }
  if (data.address < endOf(target) && target.address < endOf(data)) {
    throw new GenviewRangeError(
      `Cannot ${action}: the target must not overlap the data, found both in the same memory; copy the data`,
    );
  }
}

/** Divides every element, which makes a mean of a sum. */
export function divide(data: CollectiveArray, divisor: number): void {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new Error("Internal: only floating-point numbers are divided");
  }
  for (let i = 0; i < data.length; i++) data[i]! /= divisor;
}
