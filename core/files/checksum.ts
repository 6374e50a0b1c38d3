/**
 * Checksums of published files: of the hub's SHA-256 of large ones and git's own of the others; of others what their
 * publisher states, which may be the first digits only.
 *
 * @module
 */
import { GenviewSyntaxError } from "../errors/mod.ts";
import { createHash, type Hash } from "node:crypto";

/** The checksum that a file's bytes must have. */
export interface Checksum {
  /** SHA-256 or MD5 of the bytes, or git's SHA-1 of a blob: of its type, its length and its bytes. */
  readonly algorithm: "sha256" | "git-sha1" | "md5";
  /** Hexadecimal digits, 64, 40 or 32, or the first of them. */
  readonly digits: string;
}

/**
 * A checksum of the hub's that is given only its digits, all of them.
 *
 * @param action what cannot be done with others
 * @throws {SyntaxError} if they are no digits of this checksum; they become a file's name, so nothing else will do
 */
export function checksumOf(
  algorithm: "sha256" | "git-sha1",
  digits: string,
  action: string,
): Checksum {
  const length = algorithm === "sha256" ? 64 : 40;
  if (digits.length === length && /^[0-9a-f]+$/.test(digits)) return { algorithm, digits };
  throw new GenviewSyntaxError(
    `Cannot ${action}: a ${algorithm} checksum must have ${length} hexadecimal digits, found "${
      digits.slice(0, 80)
    }"`,
  );
}

/** Begins a checksum of a file of `size` bytes. */
export function startChecksum(algorithm: Checksum["algorithm"], size: number): Hash {
  if (algorithm !== "git-sha1") return createHash(algorithm);
  return createHash("sha1").update(`blob ${size}\0`);
}

/** Adds the bytes of a file, from its position on, to a checksum; gives how many they were. */
export async function addFile(hash: Hash, file: Deno.FsFile): Promise<number> {
  const buffer = new Uint8Array(1 << 20);
  let total = 0;
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    hash.update(buffer.subarray(0, count));
    total += count;
  }
  return total;
}
