/**
 * A method for tests that uses all that the interface has: a momentum encoder, a queue, a scheduled temperature,
 * prototypes of unit length, weights of pairs and a metric. In spirit MoCo v2 with SwAV's prototypes.
 *
 * @module
 */
import type { LoadedMethod } from "../../../core/method/load.ts";
import { methodOf } from "./small_methods.ts";

/** Keys in the queue. */
export const QUEUE = 24;

/** Coordinates of an embedding. */
export const WIDTH = 5;

/** Number of prototypes. */
export const PROTOTYPES = 4;

/** The method. */
export const momentumContrast: LoadedMethod = methodOf((context) => {
  const { views, pairWeights, encoder, ops, losses, initializers, batchSize } = context;
  const head = [{ width: WIDTH, norm: "none", activation: "none" }] as const;
  const [online, momentum] = [encoder("online"), encoder("momentum")];
  const queries = ops.l2Normalize(online.mlp("projector", head)(online.backbone(views[0]!)));
  const encoded = momentum.mlp("projector", head)(momentum.backbone(views[1]!));
  const keys = ops.stopGradient(ops.l2Normalize(encoded));

  const queue = context.buffer("queue", [QUEUE, WIDTH], initializers.normalInitializer(1));
  const positive = ops.reduceSum(ops.mul(queries, keys), { axes: [1], keepDims: true });
  const negative = ops.matMul(queries, ops.l2Normalize(queue.read()), { transposeB: true });
  const logits = ops.div(
    ops.concat([positive, negative], { axis: 1 }),
    context.scheduled("temperature"),
  );
  const first = ops.squeeze(ops.slice(logits, { axes: [1], starts: [0], ends: [1] }), [1]);
  const contrast = ops.sub(ops.logSumExp(logits, { axes: [1] }), first);
  const older = ops.slice(queue.read(), {
    axes: [0],
    starts: [0],
    ends: [QUEUE - batchSize],
  });
  queue.write(ops.concat([keys, older], { axis: 0 }));

  const shape = [PROTOTYPES, WIDTH] as const;
  const prototypes = online.parameter("prototypes", shape, initializers.normalInitializer(1));
  context.constrain(prototypes, (updated) => ops.l2Normalize(updated));
  const scores = ops.matMul(queries, prototypes, { transposeB: true });
  const nearest = ops.logSumExp(scores, { axes: [1] });
  return {
    loss: losses.weightedMean(ops.sub(contrast, nearest), pairWeights),
    embeddings: queries,
    metrics: { contrast: ops.reduceMean(contrast) },
  };
});
