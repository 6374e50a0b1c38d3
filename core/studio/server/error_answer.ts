/**
 * Errors as answers: `{ error }` with a status, never a stack.
 *
 * @module
 */
import {
  GenviewAlreadyExists,
  GenviewError,
  GenviewNotFound,
  isGenviewError,
} from "../../errors/mod.ts";

import { systemCode } from "../../files/file_error.ts";

/** The answer to a call that has failed. */
export interface ErrorAnswer {
  readonly status: 400 | 403 | 404 | 409 | 413 | 414 | 415 | 500;
  readonly error: string;
}

/** Codes of the system where a path leads nowhere. */
const OF_PATHS: readonly unknown[] = ["ENOTDIR", "EISDIR", "ENAMETOOLONG", "ELOOP", "EINVAL"];

/** The class of an error of this library, also where a plugin has loaded another copy of it. */
function isOf(error: Error, known: { readonly name: string }): boolean {
  return error.name === known.name;
}

/** What is answered where something was thrown; bugs are answered without what they say. */
export function answerOf(error: unknown): ErrorAnswer {
  if (!isGenviewError(error)) {
    return {
      status: 500,
      error: "Cannot answer: an error within the studio; its terminal shows it",
    };
  }
  const { message } = error;
  if (isOf(error, GenviewNotFound)) return { status: 404, error: message };
  if (isOf(error, GenviewAlreadyExists)) return { status: 409, error: message };
  // A path that is too long, or that leads through a file, is what the caller has named.
  if (OF_PATHS.includes(systemCode(error.cause))) return { status: 404, error: message };
  // What went wrong while something was running, such as a full disk.
  if (isOf(error, GenviewError)) return { status: 500, error: message };
  return { status: 400, error: message };
}
