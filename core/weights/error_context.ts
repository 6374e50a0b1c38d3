/**
 * Errors that say what was being done.
 *
 * @module
 */

/**
 * Adds to an error of ours what was being done: "Cannot read a.pth: ..."; the error keeps its class. Errors of other
 * classes, such as those of the system, come back as they are.
 */
export function inContext(action: string, cause: unknown): unknown {
  const ErrorClass = [SyntaxError, TypeError, RangeError].find((known) => cause instanceof known);
  if (!ErrorClass) return cause;
  return new ErrorClass(`Cannot ${action}: ${(cause as Error).message}`, { cause });
}
