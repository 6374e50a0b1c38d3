/**
 * SimSiam: two views of an image predict each other, and a stopped gradient keeps them from collapsing.
 *
 * @module
 */
import type { Method } from "../../core/method/method.ts";
import manifest from "./manifest.json" with { type: "json" };

/** {@link https://arxiv.org/abs/2011.10566 | Chen & He 2021}, algorithm 1, with mmpretrain's heads. */
const simsiam: Method<typeof manifest> = {
  manifest,
  build({ options, views, pairWeights, encoder, ops, losses, refuse }) {
    const { projectorWidth, projectorLayers, predictorWidth } = options;
    const [first, second] = views;
    if (first === undefined || second === undefined) {
      return refuse(`it takes 2 views, found ${views.length}`);
    }
    const online = encoder("online");
    const projector = online.mlp("projector", [
      ...Array.from({ length: projectorLayers - 1 }, () => ({ width: projectorWidth })),
      { width: projectorWidth, affine: false, activation: "none" },
    ]);
    const predictor = online.mlp("predictor", [
      { width: predictorWidth },
      { width: projectorWidth, bias: true, norm: "none", activation: "none" },
    ]);

    const z1 = projector(online.backbone(first));
    const z2 = projector(online.backbone(second));
    const half = (p: typeof z1, z: typeof z1) =>
      losses.negativeCosineSimilarity(p, ops.stopGradient(z), { weights: pairWeights });
    const loss = ops.add(half(predictor(z1), z2), half(predictor(z2), z1));
    return { loss: ops.mul(loss, 0.5), embeddings: z1 };
  },
};

export default simsiam;
