/**
 * The header of plain JPEG files, read without the decoder.
 *
 * @module
 */

/** Size of an image in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** What follows the marker's first byte, 0xff. */
const START_OF_IMAGE = 0xd8;
const START_OF_SCAN = 0xda;
const APPLICATION_2 = 0xe2;

/** Baseline, extended and progressive frames with Huffman coding. */
const FRAMES: readonly number[] = [0xc0, 0xc1, 0xc2];

/**
 * Segments that say nothing about size, orientation or colours, or nothing that decoding heeds: tables (DHT, DQT, DRI),
 * JFIF, resolutions (APP13), Adobe's transform (APP14), comments.
 */
const PASSED_OVER: readonly number[] = [0xc4, 0xdb, 0xdd, 0xe0, 0xed, 0xee, 0xfe];

/** How an APP2 segment begins that holds a colour profile, and not further pictures or a map of gains. */
const PROFILE = new TextEncoder().encode("ICC_PROFILE\0");

function isProfile(segment: Uint8Array): boolean {
  return PROFILE.every((byte, i) => segment[i] === byte);
}

/**
 * Reads the size of a JPEG file of three channels of 8 bits, as the camera's own orientation has it.
 *
 * Undefined for all that takes a closer look: other files, gray and CMYK, metadata in which an orientation or a second
 * picture may stand (EXIF, XMP), headers that are cut off.
 *
 * Source: ITU-T T.81, annex B.
 */
export function readJpegSize(bytes: Uint8Array): ImageSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[0] !== 0xff || bytes[1] !== START_OF_IMAGE) return undefined;
  let size: ImageSize | undefined;
  // A marker and the length of its segment are four bytes; the length counts itself.
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!;
    if (marker === START_OF_SCAN) return size;
    const end = at + 2 + view.getUint16(at + 2);
    const segment = bytes.subarray(at + 4, end);
    if (FRAMES.includes(marker)) size = readFrame(segment);
    else if (marker === APPLICATION_2 ? !isProfile(segment) : !PASSED_OVER.includes(marker)) break;
    at = end;
  }
  return undefined;
}

/** The size in a frame's header: precision, height, width, number of channels. */
function readFrame(frame: Uint8Array): ImageSize | undefined {
  if (frame.length < 6) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const [height, width] = [view.getUint16(1), view.getUint16(3)];
  const isPlain = view.getUint8(0) === 8 && view.getUint8(5) === 3;
  return isPlain && width > 0 && height > 0 ? { width, height } : undefined;
}
