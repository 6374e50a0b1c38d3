/**
 * DINO: a student predicts, from every view, what its moving average says of the global views.
 *
 * @module
 */
import type { Method } from "../../core/method/mod.ts";
import manifest from "./manifest.json" with { type: "json" };

/** {@link https://arxiv.org/abs/2104.14294 | Caron et al. 2021}, as `main_dino.py` of facebookresearch/dino. */
const dino: Method<typeof manifest> = {
  manifest,
  build(context) {
    const { options, views, ops, losses, initializers, network, head, pairWeights } = context;
    const { outputs, centerMomentum, studentTemperature: temperature } = options;
    const zero = initializers.constantInitializer(0);
    const weightInitializer = initializers.truncatedNormalInitializer(0.02);
    const linear = { bias: true, norm: "none", weightInitializer, biasInitializer: zero } as const;
    const norm = options.headBatchNorm ? "batch" : "none";
    const hidden = { ...linear, width: options.hiddenWidth, norm, activation: "gelu" } as const;
    const encoder = network({
      projector: [
        ...Array.from({ length: options.projectorLayers - 1 }, () => hidden),
        { ...linear, width: options.width, activation: "none" },
      ],
    });
    const frozen = ops.less(context.epoch, options.freezeEpochs);
    const weightNorm = options.normalizeLastLayer ? "unit" : "scaled";
    const layer = { width: outputs, norm: "none", activation: "none", weightNorm } as const;
    const last = head("last_layer", [layer], { frozen });
    const embeddings = encoder.perView(views);
    const predictions = last.perView(embeddings.map((z) => ops.l2Normalize(z)));
    const seen = encoder.momentum.perView(context.globalViews);
    const scores = last.momentum.perView(seen.map((z) => ops.l2Normalize(z)));
    const center = context.buffer("center", [outputs], zero);
    const sharpness = ops.reciprocal(context.scheduled("teacherTemperature"));
    const before = center.read();
    const targets = scores.map((s) => ops.softmax(ops.mul(ops.sub(s, before), sharpness)));
    const mean = ops.reduceMean(ops.concat(scores, { axis: 0 }), { axis: 0 });
    center.write(ops.add(ops.mul(before, centerMomentum), ops.mul(mean, 1 - centerMomentum)));
    const loss = losses.swappedPrediction(targets, predictions, (target, scores, first, second) => {
      const weights = options.weigh === "pairs"
        ? context.weightsOfPair(first, second)
        : pairWeights;
      return losses.crossEntropy(scores, target, { temperature, weights });
    });
    // Unit vectors at random have products of variance 1 / width; a teacher is some 2.5 times as sharp.
    const [even, variance] = [Math.log(outputs), 1 / (options.width * temperature ** 2)];
    const random = [Math.max(0, even - 2 * variance), even + variance / 2 + 0.3] as const;
    const range = { random, healthy: [0.1 * even, 0.6 * even], collapsed: even } as const;
    return { loss, embeddings: embeddings[0]!, lossRange: { ...manifest.lossRange, ...range } };
  },
};

export default dino;
