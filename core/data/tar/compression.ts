/**
 * How a tar is compressed, told by its first bytes.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { readRange, type TarPart, totalSize } from "./parts.ts";

/** Formats by their first bytes, each with the program that decompresses it. */
const FORMATS: readonly (readonly [name: string, bytes: readonly number[], program: string])[] = [
  ["gzip", [0x1f, 0x8b], "gunzip"],
  ["bzip2", [0x42, 0x5a, 0x68], "bunzip2"],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "unxz"],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd], "unzstd"],
  ["lz4", [0x04, 0x22, 0x4d, 0x18], "unlz4"],
  ["lzip", [0x4c, 0x5a, 0x49, 0x50], "lzip -d"],
  ["lzma", [0x5d, 0x00, 0x00], "unlzma"],
  ["compress", [0x1f, 0x9d], "uncompress"],
  ["zip", [0x50, 0x4b, 0x03, 0x04], "unzip"],
  ["7z", [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], "7z x"],
  ["rar", [0x52, 0x61, 0x72, 0x21], "unrar x"],
];

const LONGEST = Math.max(...FORMATS.map(([, { length }]) => length));

/**
 * Whether parts hold a tar that is compressed by gzip, which is decompressed while it is read.
 *
 * @throws {TypeError} if it is compressed by anything else
 */
export async function isGzip(parts: readonly TarPart[]): Promise<boolean> {
  const beginning = await readRange(parts, 0, Math.min(LONGEST, totalSize(parts)));
  const format = FORMATS.find(([, bytes]) => bytes.every((byte, i) => beginning[i] === byte));
  if (format === undefined) return false;
  const [name, , program] = format;
  if (name === "gzip") return true;
  const { path } = parts[0]!;
  throw new GenviewTypeError(
    `Cannot read ${path}: a tar must be as it is or in gzip, found ${name}; ` +
      (parts.length === 1
        ? `decompress it first (${program} ${path})`
        : `join its parts and decompress them first (${program})`),
  );
}
