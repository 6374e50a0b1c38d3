/**
 * MoCo v3: the predictions of each view find their image's key among those of the whole batch in the other views.
 *
 * @module
 */
import type { Method } from "../../core/method/mod.ts";
import manifest from "./manifest.json" with { type: "json" };

/** {@link https://arxiv.org/abs/2104.02057 | Chen, Xie & He 2021}, algorithm 1; several positives as in StableRep. */
const mocoV3: Method<typeof manifest> = {
  manifest,
  build({ options, views, globalViews, batchSize, network, head, weightsOfPair, ops, losses }) {
    const { hiddenWidth, width, temperature } = options;
    const hidden = (count: number) =>
      Array.from({ length: count - 1 }, () => ({ width: hiddenWidth }));
    const last = { width, affine: false, activation: "none" } as const;
    const encoder = network({ projector: [...hidden(options.projectorLayers), last] });
    const predictor = head("predictor", [
      ...hidden(options.predictorLayers),
      options.predictorNorm ? last : { ...last, norm: "none" },
    ]);
    const predictions = predictor.eachView(encoder.eachView(views));
    const queries = predictions.map((prediction) => ops.l2Normalize(prediction));
    // Local views are predicted from, never towards.
    const keys = encoder.momentum.eachView(globalViews).map((key) => ops.l2Normalize(key));
    const mean = options.positives === "together"
      ? losses.multiPositive(queries, keys, { temperature, weightsOfPair })
      : losses.swappedPrediction(
        keys,
        queries,
        (key, query, k, q) =>
          losses.infoNce(query, key, { temperature, weights: weightsOfPair(k, q) }),
      );
    const scale = 4 * temperature;
    const chance = scale * Math.log(batchSize);
    return {
      loss: ops.mul(mean, scale),
      embeddings: queries[0]!,
      metrics: { contrast: mean },
      lossRange: {
        ...manifest.lossRange,
        random: [chance - 4, chance + 2],
        healthy: [0.2 * chance, 0.95 * chance],
        collapsed: chance,
      },
    };
  },
};

export default mocoV3;
