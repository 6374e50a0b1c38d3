/**
 * My method: each view of an image is to find the other one among all images of the batch.
 *
 * @module
 */
import type { Method, Value } from "../../core/method/mod.ts";
import manifest from "./manifest.json" with { type: "json" };

const method: Method<typeof manifest> = {
  manifest,
  build({ options, views, pairWeights: weights, network, ops, losses }) {
    const { width, temperature } = options;
    const encoder = network({ projector: [{ width }, { width, activation: "none" }] });
    const [first, second] = encoder.perView(views).map((z) => ops.l2Normalize(z)) as [Value, Value];
    const find = (queries: Value, keys: Value) =>
      losses.infoNce(queries, keys, { temperature, weights });
    return {
      loss: ops.mul(ops.add(find(first, second), find(second, first)), 0.5),
      embeddings: first,
      metrics: { similarity: ops.mul(losses.negativeCosineSimilarity(first, second), -1) },
    };
  },
};

export default method;
