/**
 * Names with braces, as a shell expands them.
 *
 * @module
 */
export { expand } from "npm:brace-expansion@5.1.0";
