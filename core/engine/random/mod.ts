/**
 * Random numbers by counters: streams named by a seed and by what they are for, the same in any order of draws.
 *
 * @module
 */
export { philox4x32 } from "./philox.ts";
export { RandomStream } from "./random_stream.ts";
