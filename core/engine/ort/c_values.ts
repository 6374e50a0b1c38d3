/**
 * Values of C: texts, arrays of texts and out-parameters.
 *
 * Memory that a call on another thread may touch is allocated as `new ArrayBuffer(n)`: the contents of a small
 * typed array may live in the garbage-collected heap, where they can move.
 *
 * @module
 */

/** Bytes with a fixed address. */
function fixed(length: number): ArrayBuffer {
  return new ArrayBuffer(length);
}

/** A null-terminated UTF-8 text, `const char*`. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  const encoded = new TextEncoder().encode(text);
  const bytes = new Uint8Array(fixed(encoded.length + 1));
  bytes.set(encoded);
  return bytes;
}

/** A file path, `const ORTCHAR_T*`: UTF-16 on Windows, UTF-8 elsewhere. */
export function cPath(path: string, os: string = Deno.build.os): Uint8Array<ArrayBuffer> {
  if (os !== "windows") return cString(path);
  const units = new Uint16Array(fixed((path.length + 1) * 2));
  for (let i = 0; i < path.length; i++) units[i] = path.charCodeAt(i);
  return new Uint8Array(units.buffer);
}

/** An array of texts, `const char* const*`, which keeps the texts alive. */
export interface CStrings {
  readonly addresses: BigUint64Array<ArrayBuffer>;
  readonly texts: readonly Uint8Array<ArrayBuffer>[];
}

/** An array of null-terminated texts. */
export function cStrings(values: readonly string[]): CStrings {
  const texts = values.map(cString);
  return { addresses: addressesOf(texts.map((text) => Deno.UnsafePointer.of(text))), texts };
}

/** An array of pointers. */
export function addressesOf(
  pointers: readonly Deno.PointerValue[],
): BigUint64Array<ArrayBuffer> {
  const addresses = new BigUint64Array(fixed(pointers.length * 8));
  pointers.forEach((pointer, i) => addresses[i] = Deno.UnsafePointer.value(pointer));
  return addresses;
}

/** Room for one pointer or `size_t`, for a function to write to. */
export function outWord(): BigUint64Array<ArrayBuffer> {
  return new BigUint64Array(fixed(8));
}

/** Room for one `int` or enumeration. */
export function outInt(): Int32Array<ArrayBuffer> {
  return new Int32Array(fixed(4));
}

/** Lengths as `const int64_t*`. */
export function cShape(shape: readonly number[]): BigInt64Array<ArrayBuffer> {
  const lengths = new BigInt64Array(fixed(shape.length * 8));
  shape.forEach((length, axis) => lengths[axis] = BigInt(length));
  return lengths;
}

/**
 * The pointer that a function wrote.
 *
 * @throws {Error} if it is null, which no function here may answer
 */
export function pointerIn(word: BigUint64Array): Deno.PointerObject {
  const pointer = Deno.UnsafePointer.create(word[0]!);
  if (pointer === null) throw new Error("Internal: ONNX Runtime answered a null pointer");
  return pointer;
}

/** Reads a null-terminated UTF-8 text. */
export function readString(pointer: Deno.PointerObject): string {
  return Deno.UnsafePointerView.getCString(pointer);
}
