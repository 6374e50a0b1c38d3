/**
 * Scores of tokens on a principal component.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { formatType, type Tensor, tensor } from "../engine/graph/tensor.ts";

/**
 * The score of each token x on a component v: s = x · v, not centred. Centring would subtract the constant μ · v from all scores, and so
 * from a threshold on them; without it a threshold means the same wherever the component alone is known, as in GenView
 * (`tools/clip_pca/calculate_fgratio.py`).
 *
 * Sums are taken in float64 and rounded once.
 *
 * ```ts
 * import { float32 } from "../engine/graph/tensor.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const tokens = float32([1, 2, 3], [1, 0, 0, 0, 2, 1]);
 * assertEquals(tokenScores(tokens, Float32Array.of(0.5, 1, -1)), float32([1, 2], [0.5, 1]));
 * ```
 *
 * @param tokens float32 `[..., D]`
 * @param component D coordinates
 * @returns float32 `[...]`
 * @throws {RangeError} if the component has another number of coordinates
 */
export function tokenScores(
  tokens: Tensor<"float32">,
  component: Float32Array,
): Tensor<"float32"> {
  const width = component.length;
  if (tokens.shape.at(-1) !== width) {
    throw new GenviewRangeError(
      `Cannot score tokens ${formatType(tokens)}: they must have the component's ${width} features`,
    );
  }
  const shape = tokens.shape.slice(0, -1);
  const scores = new Float32Array(tokens.data.length / width);
  for (let row = 0; row < scores.length; row++) {
    const start = row * width;
    let sum = 0;
    for (let i = 0; i < width; i++) sum += tokens.data[start + i]! * component[i]!;
    scores[row] = sum;
  }
  return tensor("float32", shape, scores);
}
