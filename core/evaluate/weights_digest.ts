/**
 * What tells the weights of one network from those of another by their values.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { formatType, type Tensor } from "../engine/graph/tensor.ts";

/** Hexadecimal digits that are kept. */
const DIGITS = 12;

/**
 * The first digits of the SHA-256 of a network's weights: names, types and values, in whichever order they come.
 *
 * ```ts
 * import { assertEquals, assertNotEquals } from "@std/assert";
 * import { float32 } from "../engine/graph/tensor.ts";
 * import { weightsDigest } from "./weights_digest.ts";
 *
 * const [one, two] = [float32([1], [1]), float32([1], [2])];
 * assertEquals(
 *   weightsDigest(new Map([["a", one], ["b", two]])),
 *   weightsDigest(new Map([["b", two], ["a", one]])),
 * );
 * assertNotEquals(weightsDigest(new Map([["a", one]])), weightsDigest(new Map([["a", two]])));
 * ```
 */
export function weightsDigest(tensors: ReadonlyMap<string, Tensor>): string {
  const hash = createHash("sha256");
  for (const [name, { data, ...type }] of [...tensors].sort(([a], [b]) => a < b ? -1 : 1)) {
    hash.update(`${name} ${formatType(type)}\n`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex").slice(0, DIGITS);
}
