/**
 * TensorBoard's `Event` messages as protobuf bytes. Field numbers are those of `tensorboard/compat/proto/event.proto`
 * and `summary.proto`; of their some forty fields a training log needs these few.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";

/** A value under a tag: a number, or an image as the bytes of a PNG file. */
export type SummaryValue =
  | { readonly tag: string; readonly scalar: number }
  | { readonly tag: string; readonly png: Uint8Array };

/** What an event says: which format the file has, from which step on earlier events are void, or some values. */
export type EventContent =
  | { readonly fileVersion: string }
  | { readonly restart: true }
  | { readonly values: readonly SummaryValue[] };

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Channels by PNG's colour type: gray, -, RGB, palette, gray with alpha, -, RGB with alpha. */
const PNG_CHANNELS = [1, undefined, 3, 3, 2, undefined, 4];

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

function concat(parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
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

function integer(number: number, value: number): Uint8Array {
  return field(number, VARINT, varint(value));
}

function bytes(number: number, content: Uint8Array): Uint8Array {
  return field(number, LENGTH_DELIMITED, concat([varint(content.length), content]));
}

function text(number: number, content: string): Uint8Array {
  return bytes(number, new TextEncoder().encode(content));
}

function message(number: number, fields: readonly Uint8Array[]): Uint8Array {
  return bytes(number, concat(fields));
}

function double(number: number, value: number): Uint8Array {
  return field(number, FIXED64, new Uint8Array(Float64Array.of(value).buffer));
}

function float(number: number, value: number): Uint8Array {
  return field(number, FIXED32, new Uint8Array(Float32Array.of(value).buffer));
}

/** `Summary.Image`, whose size and channels come from the PNG's own header. */
function imageFields(tag: string, png: Uint8Array): Uint8Array[] {
  const channels = PNG_CHANNELS[png[25] ?? 1];
  if (png.length < 33 || !PNG_SIGNATURE.every((byte, i) => png[i] === byte) || !channels) {
    throw new GenviewTypeError(
      `Cannot log image "${tag}": it must be a PNG file, found other bytes`,
    );
  }
  const view = new DataView(png.buffer, png.byteOffset);
  return [
    integer(1, view.getUint32(20)),
    integer(2, view.getUint32(16)),
    integer(3, channels),
    bytes(4, png),
  ];
}

function valueFields(value: SummaryValue): Uint8Array[] {
  if ("scalar" in value) return [text(1, value.tag), float(2, value.scalar)];
  return [text(1, value.tag), message(4, imageFields(value.tag, value.png))];
}

function contentField(content: EventContent): Uint8Array {
  if ("fileVersion" in content) return text(3, content.fileVersion);
  if ("restart" in content) return message(7, [integer(1, 1)]);
  return message(5, content.values.map((value) => message(1, valueFields(value))));
}

/**
 * One event as protobuf bytes.
 *
 * @param wallTime seconds since 1970
 * @param step a safe integer from 0; as protobuf 3 has it, 0 is not written
 * @throws {TypeError} if an image is no PNG file
 */
export function encodeEvent(
  wallTime: number,
  step: number,
  content: EventContent,
): Uint8Array<ArrayBuffer> {
  const stepField = step === 0 ? [] : [integer(2, step)];
  return concat([double(1, wallTime), ...stepField, contentField(content)]);
}
