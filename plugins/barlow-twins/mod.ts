/**
 * Barlow Twins: each coordinate of the embedding agrees between views and tells something that no other does.
 *
 * @module
 */
import type { Method } from "../../core/method/mod.ts";
import manifest from "./manifest.json" with { type: "json" };

/** {@link https://arxiv.org/abs/2103.03230 | Zbontar et al. 2021}, as `main.py` of facebookresearch/barlowtwins. */
const barlowTwins: Method<typeof manifest> = {
  manifest,
  build({ options, views, globalViews, weightsOfPair, network, ops, losses }) {
    const { projectorWidth: width, projectorLayers, redundancyWeight, scale } = options;
    const encoder = network({
      projector: [
        ...Array.from({ length: projectorLayers - 1 }, () => ({ width })),
        { width, norm: "none", activation: "none" },
      ],
    });
    const embeddings = encoder.eachView(views);
    const terms = losses.pairsOfViews(views.length, globalViews.length).map(([a, b]) => {
      const weights = weightsOfPair(a, b);
      return losses.barlowTwins(embeddings[a]!, embeddings[b]!, { redundancyWeight, weights });
    });
    const total = terms.reduce((sum, term) => ops.add(sum, term));
    const collapsed = scale * width;
    const random = [0.2 * collapsed, 4 * collapsed] as const;
    const range = { random, healthy: [0, 0.3 * collapsed], collapsed } as const;
    return {
      loss: ops.mul(total, scale / terms.length),
      embeddings: embeddings[0]!,
      lossRange: { ...manifest.lossRange, ...range },
    };
  },
};

export default barlowTwins;
