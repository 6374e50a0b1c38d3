/**
 * TensorBoard's `Event` messages as protobuf bytes. Field numbers are those of `tensorboard/compat/proto/event.proto`
 * and `summary.proto`; of their some forty fields a training log needs these few.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { bytes, concat, double, float, integer, message, text } from "./protobuf.ts";

/** A value under a tag: a number, an image as the bytes of a PNG file, or what only a plugin of TensorBoard reads. */
export type SummaryValue =
  | { readonly tag: string; readonly scalar: number }
  | { readonly tag: string; readonly png: Uint8Array }
  | { readonly tag: string; readonly plugin: string; readonly content: Uint8Array };

/** What an event says: which format the file has, from which step on earlier events are void, or some values. */
export type EventContent =
  | { readonly fileVersion: string }
  | { readonly restart: true }
  | { readonly values: readonly SummaryValue[] };

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Channels by PNG's colour type: gray, -, RGB, palette, gray with alpha, -, RGB with alpha. */
const PNG_CHANNELS = [1, undefined, 3, 3, 2, undefined, 4];

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
  if ("plugin" in value) {
    // `SummaryMetadata.PluginData`.
    const data = message(1, [text(1, value.plugin), bytes(2, value.content)]);
    return [text(1, value.tag), message(9, [data])];
  }
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
