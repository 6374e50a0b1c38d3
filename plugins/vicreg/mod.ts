/**
 * VICReg: views agree, while each coordinate keeps its variance and no two tell the same.
 *
 * @module
 */
import type { Method, Value } from "../../core/method/mod.ts";
import manifest from "./manifest.json" with { type: "json" };

/** {@link https://arxiv.org/abs/2105.04906 | Bardes et al. 2022}, as `main_vicreg.py` of facebookresearch/vicreg. */
const vicReg: Method<typeof manifest> = {
  manifest,
  build({ options, views, globalViews, weightsOfPair, network, ops, losses }) {
    const { expanderWidth: width, expanderLayers } = options;
    const encoder = network({
      expander: [
        ...Array.from({ length: expanderLayers - 1 }, () => ({ width, bias: true })),
        { width, norm: "none", activation: "none" },
      ],
    });
    const embeddings = encoder.eachView(views);
    const differences = losses.pairsOfViews(views.length, globalViews.length).map(([a, b]) =>
      losses.invarianceLoss(embeddings[a]!, embeddings[b]!, { weights: weightsOfPair(a, b) })
    );
    const mean = (terms: readonly Value[]) =>
      ops.mul(terms.reduce((sum, term) => ops.add(sum, term)), 1 / terms.length);
    const invariance = mean(differences);
    const variance = mean(embeddings.map(losses.varianceLoss));
    // The sum over the two branches of a pair.
    const covariance = ops.mul(mean(embeddings.map(losses.covarianceLoss)), 2);
    const loss = [
      ops.mul(invariance, options.invarianceWeight),
      ops.mul(variance, options.varianceWeight),
      ops.mul(covariance, options.covarianceWeight),
    ].reduce((sum, term) => ops.add(sum, term));
    const collapsed = 0.99 * options.varianceWeight;
    const random = [0.5 * collapsed, 1.3 * collapsed] as const;
    const range = { random, healthy: [0.1 * collapsed, 0.8 * collapsed], collapsed } as const;
    return {
      loss,
      embeddings: embeddings[0]!,
      metrics: { invariance, variance, covariance },
      lossRange: { ...manifest.lossRange, ...range },
    };
  },
};

export default vicReg;
