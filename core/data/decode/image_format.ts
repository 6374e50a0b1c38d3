/**
 * Formats of image files, told by their first bytes.
 *
 * @module
 */
import { UnreadableImageError } from "./unreadable_image_error.ts";

/** A part of a file as text, a character a byte. */
function textAt(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}

/** Whether a file of the ISO base media format holds an AVIF image: the brand stands first, or among the compatible. */
function isAvif(bytes: Uint8Array): boolean {
  if (textAt(bytes, 4, 8) !== "ftyp") return false;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const brands = textAt(bytes, 8, Math.min(length, 256)).match(/.{4}/gs) ?? [];
  return brands.some((brand) => brand === "avif" || brand === "avis");
}

/** How files of the formats that data sets may hold begin. */
const FORMATS: readonly ((bytes: Uint8Array) => boolean)[] = [
  (bytes) => textAt(bytes, 0, 3) === "\u00ff\u00d8\u00ff",
  (bytes) => textAt(bytes, 0, 8) === "\u0089PNG\r\n\u001a\n",
  (bytes) => textAt(bytes, 0, 4) === "RIFF" && textAt(bytes, 8, 12) === "WEBP",
  (bytes) => ["II*\0", "MM\0*", "II+\0", "MM\0+"].includes(textAt(bytes, 0, 4)),
  (bytes) => ["GIF87a", "GIF89a"].includes(textAt(bytes, 0, 6)),
  isAvif,
];

/** What a file is that is none of them, where its beginning tells. */
function describe(bytes: Uint8Array): string {
  if (bytes.length === 0) return "an empty file";
  const beginning = textAt(bytes, 0, 1000).toLowerCase();
  if (beginning.startsWith("%pdf")) return "a PDF file";
  if (beginning.startsWith("bm")) return "a BMP file";
  if (beginning.startsWith("version https://git-lfs")) {
    return "a pointer of Git LFS, whose file has not been fetched (git lfs pull)";
  }
  if (beginning.includes("<svg")) return "an SVG file";
  if (beginning.includes("<html") || beginning.includes("<!doctype html")) return "an HTML page";
  if (beginning.slice(4, 8) === "ftyp") {
    return "an image or film of the HEIF family other than AVIF";
  }
  return "a file of another format";
}

/**
 * Refuses bytes that are no image of the formats that data sets may hold. libvips reads more than those (SVG, which may
 * name other files, PDF, raw pixels), and blocking its loaders would hold for the whole process, which draws charts from
 * SVG; looking at the first bytes holds in every worker.
 *
 * @param name what errors call the image
 * @throws {UnreadableImageError} if it is none of JPEG, PNG, WebP, TIFF, GIF and AVIF
 */
export function requireImageFormat(bytes: Uint8Array, name: string): void {
  if (FORMATS.some((isFormat) => isFormat(bytes))) return;
  throw new UnreadableImageError(
    name,
    `${describe(bytes)}, where JPEG, PNG, WebP, TIFF, GIF or AVIF must be`,
  );
}
