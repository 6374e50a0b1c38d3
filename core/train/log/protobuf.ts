/**
 * Fields of protobuf messages as bytes: the few kinds that TensorBoard's events have.
 *
 * @module
 */

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

/** Fields one after the other. */
export function concat(parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let position = 0;
  for (const part of parts) {
    result.set(part, position);
    position += part.length;
  }
  return result;
}

function field(number: number, wireType: number, content: ArrayLike<number>): Uint8Array {
  return concat([varint(number * 8 + wireType), content]);
}

/** A field of a whole number from 0, as a varint. */
export function integer(number: number, value: number): Uint8Array {
  return field(number, VARINT, varint(value));
}

/** A field of bytes. */
export function bytes(number: number, content: Uint8Array): Uint8Array {
  return field(number, LENGTH_DELIMITED, concat([varint(content.length), content]));
}

/** A field of a text in UTF-8. */
export function text(number: number, content: string): Uint8Array {
  return bytes(number, new TextEncoder().encode(content));
}

/** A field that holds a message of these fields. */
export function message(number: number, fields: readonly Uint8Array[]): Uint8Array {
  return bytes(number, concat(fields));
}

/** A field of a number of 64 bits. */
export function double(number: number, value: number): Uint8Array {
  return field(number, FIXED64, new Uint8Array(Float64Array.of(value).buffer));
}

/** A field of a number of 32 bits. */
export function float(number: number, value: number): Uint8Array {
  return field(number, FIXED32, new Uint8Array(Float32Array.of(value).buffer));
}
