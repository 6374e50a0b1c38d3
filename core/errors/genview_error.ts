/**
 * Errors that say what a caller can mend. They are classes of their own, so that a command line shows their message
 * alone and keeps the stack of all others, which are bugs: of this library, or of a plugin.
 *
 * @module
 */

/** A value is of the wrong kind, or options contradict each other. */
export class GenviewTypeError extends TypeError {
  /** The class, by which a message without its stack tells what it is. */
  override readonly name: string = "GenviewTypeError";
  /** Marks the errors of this library, also where a plugin has loaded another copy of this file. */
  readonly isGenview = true;
}

/** A number or a size is out of its range. */
export class GenviewRangeError extends RangeError {
  /** The class, by which a message without its stack tells what it is. */
  override readonly name: string = "GenviewRangeError";
  /** Marks the errors of this library, also where a plugin has loaded another copy of this file. */
  readonly isGenview = true;
}

/** A file or a text is malformed. */
export class GenviewSyntaxError extends SyntaxError {
  /** The class, by which a message without its stack tells what it is. */
  override readonly name: string = "GenviewSyntaxError";
  /** Marks the errors of this library, also where a plugin has loaded another copy of this file. */
  readonly isGenview = true;
}

/** A file or folder that must be there is not. */
export class GenviewNotFound extends Deno.errors.NotFound {
  /** The class, by which a message without its stack tells what it is. */
  override readonly name: string = "GenviewNotFound";
  /** Marks the errors of this library, also where a plugin has loaded another copy of this file. */
  readonly isGenview = true;
}

/** A name that must be free is taken. */
export class GenviewAlreadyExists extends Deno.errors.AlreadyExists {
  /** The class, by which a message without its stack tells what it is. */
  override readonly name: string = "GenviewAlreadyExists";
  /** Marks the errors of this library, also where a plugin has loaded another copy of this file. */
  readonly isGenview = true;
}

/** What went wrong while something was running: a device, a network, a training. */
export class GenviewError extends Error {
  /** The class, by which a message without its stack tells what it is. */
  override readonly name: string = "GenviewError";
  /** Marks the errors of this library, also where a plugin has loaded another copy of this file. */
  readonly isGenview = true;
}

/**
 * Whether an error is one of this library's own, whose message says what cannot be done, the rule and what was found.
 *
 * ```ts
 * import { assert } from "@std/assert";
 * import { GenviewTypeError, isGenviewError } from "./genview_error.ts";
 *
 * assert(isGenviewError(new GenviewTypeError("Cannot add: ...")));
 * assert(!isGenviewError(new TypeError("Cannot read properties of undefined")));
 * ```
 */
export function isGenviewError(error: unknown): error is Error {
  return error instanceof Error && "isGenview" in error && error.isGenview === true;
}
