/**
 * SimCLR: each view finds the others of its image among all views of all images of the batch.
 *
 * @module
 */
import type { Method } from "../../core/method/mod.ts";
import manifest from "./manifest.json" with { type: "json" };

/** {@link https://arxiv.org/abs/2002.05709 | Chen et al. 2020}, algorithm 1; several positives as in StableRep. */
const simclr: Method<typeof manifest> = {
  manifest,
  build({ options, views, batchSize, network, weightsOfPair, ops, losses }) {
    const { hiddenWidth, width, projectorLayers, temperature, positives } = options;
    const encoder = network({
      projector: [
        ...Array.from({ length: projectorLayers - 1 }, () => ({ width: hiddenWidth })),
        { width, activation: "none" },
      ],
    });
    const embeddings = encoder.perView(views).map((z) => ops.l2Normalize(z));
    const contrast = (chosen: readonly number[]) => {
      const ofChosen = chosen.map((view) => embeddings[view]!);
      return losses.multiPositive(ofChosen, ofChosen, {
        temperature,
        ownView: true,
        weightsOfPair: (first, second) => weightsOfPair(chosen[first]!, chosen[second]!),
      });
    };
    const terms = positives === "together"
      ? [contrast([...views.keys()])]
      : losses.pairsOfViews(views.length).map(contrast);
    const chance = Math.log((positives === "together" ? views.length : 2) * batchSize - 1);
    return {
      loss: ops.mul(terms.reduce((sum, term) => ops.add(sum, term)), 1 / terms.length),
      embeddings: embeddings[0]!,
      lossRange: {
        ...manifest.lossRange,
        random: [Math.max(0, chance - 1 / temperature), chance + 1],
        healthy: [0.1 * chance, 0.8 * chance],
        collapsed: chance,
      },
    };
  },
};

export default simclr;
