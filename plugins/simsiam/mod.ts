/**
 * SimSiam: two views of an image predict each other, and a stopped gradient keeps them from collapsing.
 *
 * @module
 */
import type { Method, Value } from "../../core/method/mod.ts";
import manifest from "./manifest.json" with { type: "json" };

/** {@link https://arxiv.org/abs/2011.10566 | Chen & He 2021}, algorithm 1, with mmpretrain's heads. */
const simsiam: Method<typeof manifest> = {
  manifest,
  build({ options, views, pairWeights: weights, network, head, ops, losses }) {
    const { projectorWidth: width, projectorLayers, predictorWidth } = options;
    const encoder = network({
      projector: [
        ...Array.from({ length: projectorLayers - 1 }, () => ({ width })),
        { width, affine: false, activation: "none" },
      ],
    });
    const predictor = head("predictor", [
      { width: predictorWidth },
      { width, bias: true, norm: "none", activation: "none" },
    ]);
    const [z1, z2] = encoder.eachView(views) as [Value, Value];
    const [p1, p2] = predictor.eachView([z1, z2]) as [Value, Value];
    // Both directions at once: their mean is that of all rows.
    const rows = (first: Value, second: Value) => ops.concat([first, second], { axis: 0 });
    const loss = losses.negativeCosineSimilarity(
      rows(p1, p2),
      ops.stopGradient(rows(z2, z1)),
      { weights: rows(weights, weights) },
    );
    return { loss, embeddings: z1 };
  },
};

export default simsiam;
