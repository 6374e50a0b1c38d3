/**
 * MoCo v2: a query finds the key of its image's other view among a queue of keys of earlier batches.
 *
 * @module
 */
import type { Method, Value } from "../../core/method/mod.ts";
import manifest from "./manifest.json" with { type: "json" };

/** {@link https://arxiv.org/abs/1911.05722 | He et al. 2020}, algorithm 1, with MoCo v2's projector. */
const mocoV2: Method<typeof manifest> = {
  manifest,
  build(context) {
    const { options, views, pairWeights: weights, batchSize, ops, losses } = context;
    const { hiddenWidth, width, temperature, queueLength } = options;
    const groups = Math.max(1, Math.floor(batchSize / options.groupSize));
    if (batchSize % groups !== 0) {
      context.refuse(
        `the batch must be of equal groups for batch norm, of about groupSize ${options.groupSize}; ` +
          `found ${batchSize} for ${groups} groups`,
      );
    }
    if (queueLength < batchSize) {
      context.refuse(`queueLength must be a whole batch of ${batchSize}, found ${queueLength}`);
    }
    const encoder = context.network({
      projector: [
        { width: hiddenWidth, bias: true, norm: "none" },
        { width, bias: true, norm: "none", activation: "none" },
      ],
    }, { batchNormGroups: groups });
    const [query, key] = views as [Value, Value];
    // Otherwise a query and its key, normalised in corresponding groups, would know each other by their statistics.
    const { shuffle, restore } = context.permutation("shuffle");
    const q = ops.l2Normalize(encoder(query));
    const k = ops.l2Normalize(restore(encoder.momentum(shuffle(key))));
    const queue = context.queue("queue", queueLength, width);
    queue.push(k);
    const chance = Math.log(1 + queueLength);
    return {
      loss: losses.infoNce(q, k, { temperature, negatives: queue.rows, weights }),
      embeddings: q,
      lossRange: {
        ...manifest.lossRange,
        random: [Math.max(0, chance - 1 / temperature), chance + 1],
        healthy: [0.4 * chance, 0.8 * chance],
        collapsed: chance,
      },
    };
  },
};

export default mocoV2;
