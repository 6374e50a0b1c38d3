/**
 * Decoding in parallel, and alone where the decoder's words matter.
 *
 * @module
 */
import { UnreadableImageError } from "./unreadable_image_error.ts";

let parallel = 0;
let alone = 0;
let lastAlone: Promise<unknown> = Promise.resolve();
let whenIdle: (() => void) | undefined;

/** Decodes along with others, unless one of them is to be alone. */
async function amongOthers<T>(decode: () => Promise<T>): Promise<T> {
  while (alone > 0) await lastAlone;
  parallel++;
  try {
    return await decode();
  } finally {
    if (--parallel === 0) whenIdle?.();
  }
}

/** Decodes when all others have ended, and lets none begin before the end. */
async function byItself<T>(decode: () => Promise<T>): Promise<T> {
  const before = lastAlone;
  const turn = Promise.withResolvers<void>();
  lastAlone = turn.promise;
  alone++;
  try {
    await before;
    if (parallel > 0) await new Promise<void>((idle) => whenIdle = idle);
    return await decode();
  } finally {
    alone--;
    turn.resolve();
  }
}

/**
 * Runs a decoder in parallel with others; what it refuses is decoded once more by itself, for the reason. libvips
 * keeps one text of errors for the whole process, in which images that fail at the same time find the words for each
 * other, or none. Workers do not wait for each other, so among several the reason may still be another's.
 *
 * @param name what errors call the image
 * @throws {UnreadableImageError} if the image cannot be decoded
 */
export async function decodeInTurn<T>(name: string, decode: () => Promise<T>): Promise<T> {
  try {
    return await amongOthers(decode);
  } catch {
    try {
      return await byItself(decode);
    } catch (cause) {
      throw UnreadableImageError.from(name, cause);
    }
  }
}
