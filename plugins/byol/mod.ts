/**
 * BYOL: a network predicts what its own moving average makes of another view, without any negatives.
 *
 * @module
 */
import type { Method, Value } from "../../core/method/mod.ts";
import manifest from "./manifest.json" with { type: "json" };

/** {@link https://arxiv.org/abs/2006.07733 | Grill et al. 2020}, equation 2 less its constant 4, with the authors' heads. */
const byol: Method<typeof manifest> = {
  manifest,
  build({ options, views, globalViews, network, head, weightsOfPair, ops, losses }) {
    const layers = [
      { width: options.hiddenWidth, bias: true },
      { width: options.width, norm: "none", activation: "none" },
    ] as const;
    const encoder = network({ projector: layers });
    const predictor = head("predictor", layers);
    const embeddings = encoder.eachView(views) as [Value, ...Value[]];
    // Local views are predicted from, never towards.
    const mean = losses.swappedPrediction(
      encoder.momentum.eachView(globalViews),
      predictor.eachView(embeddings),
      (target, prediction, t, p) =>
        losses.negativeCosineSimilarity(prediction, target, { weights: weightsOfPair(t, p) }),
    );
    return { loss: ops.mul(mean, 4), embeddings: embeddings[0] };
  },
};

export default byol;
