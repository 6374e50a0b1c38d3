/**
 * SwAV: each view of an image predicts which prototypes the others are assigned to.
 *
 * @module
 */
import type { Method, Value } from "../../core/method/mod.ts";
import manifest from "./manifest.json" with { type: "json" };

/** {@link https://arxiv.org/abs/2006.09882 | Caron et al. 2020}, as `main_swav.py` of facebookresearch/swav. */
const swav: Method<typeof manifest> = {
  manifest,
  build(context) {
    const { options, views, batchSize, ops, losses, step, pairWeights } = context;
    const { width, prototypes, temperature, queueLength, epsilon, iterations } = options;
    if (queueLength !== 0 && queueLength < batchSize) {
      context.refuse(
        `queueLength must be 0 or at least the batch size ${batchSize}, found ${queueLength}`,
      );
    }
    const encoder = context.network({
      projector: [
        { width: options.hiddenWidth, bias: true },
        { width, bias: true, norm: "none", activation: "none" },
      ],
    });
    const frozen = ops.less(step, options.freezeIterations);
    const rows = context.prototypes("prototypes.weight", prototypes, width, { frozen });
    const embeddings = encoder.perView(views).map((z) => ops.l2Normalize(z));
    const scoresOf = (z: Value) => ops.matMul(z, rows, { transposeB: true });
    const counts = views.map(() => batchSize);
    const scores = ops.split(scoresOf(ops.concat(embeddings, { axis: 0 })), counts, { axis: 0 });
    const codes = scores.slice(0, context.globalViews.length).map((own, view) => {
      const alone = losses.sinkhorn(own, { epsilon, iterations });
      if (queueLength === 0) return alone;
      const queue = context.queue(`queue.${view}`, queueLength, width);
      const known = ops.concat([own, scoresOf(queue.rows)], { axis: 0 });
      const all = losses.sinkhorn(known, { epsilon, iterations });
      const together = ops.slice(all, { starts: [0], ends: [batchSize], axes: [0] });
      queue.push(embeddings[view]!, ops.greaterOrEqual(context.epoch, options.queueStartEpoch));
      return ops.where(queue.full, together, alone);
    });
    const loss = losses.swappedPrediction(codes, scores, (code, predicted, first, second) => {
      const weights = options.weigh === "pairs"
        ? context.weightsOfPair(first, second)
        : pairWeights;
      return losses.crossEntropy(predicted, code, { temperature, weights });
    });
    // Unit vectors at random have products of variance 1 / width; codes follow them where views are alike.
    const [even, variance] = [Math.log(prototypes), 1 / (width * temperature ** 2)];
    const most = even + variance / 2;
    const random = [
      Math.max(0, most - variance * temperature / epsilon),
      most + 0.3,
    ] as const;
    const range = { random, healthy: [0.2 * even, 0.6 * even], collapsed: even } as const;
    return { loss, embeddings: embeddings[0]!, lossRange: { ...manifest.lossRange, ...range } };
  },
};

export default swav;
