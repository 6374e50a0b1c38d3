/**
 * Decoding of image files by libvips. Importing this file loads a native library.
 *
 * @module
 */
export { default as sharp } from "npm:sharp@0.35.5";
export type { Metadata, Sharp } from "npm:sharp@0.35.5";
