/**
 * What the system says when a file cannot be read or written, in words that say what to do.
 *
 * @module
 */
import {
  GenviewAlreadyExists,
  GenviewError,
  GenviewNotFound,
  isGenviewError,
} from "../errors/mod.ts";

/** What each of the system's codes means to a person, and what to do about it. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission is denied; change the permissions, or choose another place",
  EDQUOT: "the disk quota is used up; free some space, or choose another disk",
  EEXIST: "the name is taken; choose another",
  EFBIG: "the file would be larger than the file system allows; choose another disk",
  EINVAL: "the file system does not take this name; choose another",
  EIO: "the disk reports an error; check it, or choose another",
  EISDIR: "it is a folder; name a file",
  ELOOP: "its symbolic links lead in a circle; remove them",
  EMFILE: "too many files are open; raise the limit (ulimit -n)",
  ENAMETOOLONG: "its name is longer than the file system allows; shorten it",
  ENOENT: "there is no such file or folder; check the path",
  ENOSPC: "the disk is full; free some space, or choose another disk",
  ENOTDIR: "a part of its path is a file, where a folder must be; choose another path",
  ENOTEMPTY: "the folder is not empty; choose another",
  EPERM: "the operation is not permitted; change the permissions, or choose another place",
  EROFS: "the file system is read-only; choose another disk",
  ETXTBSY: "the file is being executed; stop the program first",
};

/** The system's code of an error, such as `ENOSPC`; undefined for errors of other kinds. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && Object.hasOwn(REASONS, code) ? code : undefined;
}

/**
 * An error of the system as one line that says what to do; errors of other kinds come back as they are.
 *
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { fileError } from "./file_error.ts";
 *
 * const cause = Object.assign(new Error("os error 28"), { code: "ENOSPC" });
 * assertStringIncludes((fileError("write a.txt", cause) as Error).message, "Cannot write a.txt: the disk is full");
 * ```
 *
 * @param action what cannot be done, with the path, such as `write runs/a/state.json`
 */
export function fileError(action: string, cause: unknown): unknown {
  const code = systemCode(cause);
  if (code === undefined || isGenviewError(cause)) return cause;
  const ErrorClass = code === "ENOENT"
    ? GenviewNotFound
    : code === "EEXIST"
    ? GenviewAlreadyExists
    : GenviewError;
  return new ErrorClass(`Cannot ${action}: ${REASONS[code]}`, { cause });
}

/**
 * Waits for a result, and says of the system's errors what could not be done and what to do.
 *
 * @param action what cannot be done, with the path, such as `write runs/a/state.json`
 */
export async function explainingFileErrors<T>(action: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (cause) {
    throw fileError(action, cause);
  }
}
