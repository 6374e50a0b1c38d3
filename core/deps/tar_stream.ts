/**
 * Tar archives as streams: taking them apart, and making them.
 *
 * @module
 */
export { extract, type Header, pack } from "npm:tar-stream@3.2.2";
