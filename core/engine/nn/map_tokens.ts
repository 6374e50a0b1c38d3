/**
 * The pixels of a map as tokens, and back.
 *
 * @module
 */
import type { Value } from "../graph/value.ts";
import { reshape } from "../ops/reshape.ts";
import { transpose } from "../ops/transpose.ts";

/** Pixels as tokens, row by row: `[N, C, H, W]` to `[N, H · W, C]`. */
export function tokensOf(map: Value): Value {
  const [count, channels] = map.shape as [number, number];
  return transpose(reshape(map, [count, channels, -1]), [0, 2, 1]);
}

/** Tokens as pixels again: `[N, H · W, C]` to `[N, C, H, W]`. */
export function mapOf(tokens: Value, [height, width]: readonly [number, number]): Value {
  const [count, , channels] = tokens.shape as [number, number, number];
  return reshape(transpose(tokens, [0, 2, 1]), [count, channels, height, width]);
}
