/**
 * Errors that say what was being done.
 *
 * @module
 */
import {
  GenviewRangeError,
  GenviewSyntaxError,
  GenviewTypeError,
  isGenviewError,
} from "./genview_error.ts";

/**
 * Adds to an error of this library what was being done: "Cannot read a.pth: ..."; the error keeps its class. Errors of
 * other classes, such as those of the system and bugs, come back as they are.
 *
 * @param action what cannot be done, such as `read a.pth`
 */
export function inContext(action: string, cause: unknown): unknown {
  if (!isGenviewError(cause)) return cause;
  const classes = [GenviewSyntaxError, GenviewTypeError, GenviewRangeError];
  const ErrorClass = classes.find((known) => cause instanceof known);
  return ErrorClass ? new ErrorClass(`Cannot ${action}: ${cause.message}`, { cause }) : cause;
}
