/**
 * The errors of this library, by which a caller tells its own mistakes from bugs.
 *
 * @module
 */
export {
  GenviewAlreadyExists,
  GenviewError,
  GenviewNotFound,
  GenviewRangeError,
  GenviewSyntaxError,
  GenviewTypeError,
  isGenviewError,
} from "./genview_error.ts";
export { inContext } from "./in_context.ts";
