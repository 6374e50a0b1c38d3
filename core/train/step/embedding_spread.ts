/**
 * The measure of collapse: how far the embeddings spread over the sphere.
 *
 * @module
 */
import type { Value } from "../../engine/graph/value.ts";
import { l2Normalize } from "../../engine/ops/l2_normalize.ts";
import { mul } from "../../engine/ops/mul.ts";
import { reduceMean } from "../../engine/ops/reduce_mean.ts";
import { sqrt } from "../../engine/ops/sqrt.ts";
import { sub } from "../../engine/ops/sub.ts";

/**
 * The standard deviation over the batch of each coordinate of the normalised embeddings, averaged over the
 * coordinates: about 1/sqrt(D) for a healthy network, 0 after collapse (Chen & He 2021, section 4.1).
 *
 * @param embeddings `[N,D]`
 */
export function embeddingSpread(embeddings: Value): Value {
  const normalized = l2Normalize(embeddings);
  const centred = sub(normalized, reduceMean(normalized, { axis: 0, keepDims: true }));
  return reduceMean(sqrt(reduceMean(mul(centred, centred), { axis: 0 })));
}

/** The spread of embeddings that are uniform on the sphere of `width` dimensions. */
export function uniformSpread(width: number): number {
  return 1 / Math.sqrt(width);
}
