/**
 * CRC-32C, the checksum of TFRecord files.
 *
 * @module
 */

/** Castagnoli's polynomial with its bits reversed, {@link https://www.rfc-editor.org/rfc/rfc3720 | RFC 3720}, section 12.1. */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
  return rest;
});

/**
 * The CRC-32C of some bytes, as an unsigned 32-bit integer.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
 * assertEquals(maskedCrc32c(new Uint8Array(0)), 0xa282ead8);
 * ```
 */
export function crc32c(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) {
    rest = (rest >>> 8) ^ TABLE[(rest ^ bytes[i]!) & 0xff]!;
  }
  return (rest ^ 0xffffffff) >>> 0;
}

/**
 * The checksum as TFRecord stores it: rotated and shifted, so that the checksum of data that holds checksums stays
 * sound (`tensorflow/core/lib/hash/crc32c.h`).
 */
export function maskedCrc32c(bytes: Uint8Array): number {
  const plain = crc32c(bytes);
  return (((plain >>> 15) | (plain << 17)) + 0xa282ead8) >>> 0;
}
