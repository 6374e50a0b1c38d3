/**
 * Methods whose losses couple samples across the batch, each in as few lines as it takes.
 *
 * @module
 */
import type { Value } from "../../../../../core/engine/graph/value.ts";
import type { MlpLayer } from "../../../../../core/engine/nn/mlp.ts";
import type { LoadedMethod } from "../../../../../core/method/load.ts";
import { methodOf } from "../../small_methods.ts";

/** Coordinates of an embedding. */
export const WIDTH = 6;

/** A perceptron without batch norm. */
export const PER_SAMPLE: readonly MlpLayer[] = [
  { width: 8, norm: "none" },
  { width: WIDTH, norm: "none", activation: "none" },
];

/** A perceptron with batch norm. */
export const NORMALIZED: readonly MlpLayer[] = [
  { width: 8 },
  { width: WIDTH, norm: "none", activation: "none" },
];

/** MoCo v3's: keys of the whole batch, a momentum encoder, a predictor and weights of pairs. */
export function gatheredKeys(layers: readonly MlpLayer[], temperature = 0.3): LoadedMethod {
  return methodOf(({ views, network, head, ops, losses, pairWeights: weights }) => {
    const encoder = network({ projector: layers });
    const predictor = head("predictor", layers);
    const queries = views.map((view) => ops.l2Normalize(predictor(encoder(view))));
    const keys = views.map((view) => ops.l2Normalize(encoder.momentum(view)));
    const [q1, q2, k1, k2] = [...queries, ...keys] as [Value, Value, Value, Value];
    const term = (q: Value, k: Value) => losses.infoNce(q, k, { temperature, weights });
    const loss = ops.add(term(q1, k2), term(q2, k1));
    return { loss, embeddings: q1, metrics: { first: term(q1, k2) } };
  });
}

/** MoCo v2's: a queue, and keys of a shuffled batch. */
export function shuffledKeys(layers: readonly MlpLayer[]): LoadedMethod {
  return methodOf(({ views, network, permutation, queue, ops, losses }) => {
    const encoder = network({ projector: layers });
    const [first, second] = views as [Value, Value];
    const { shuffle, restore } = permutation("shuffle");
    const keys = ops.l2Normalize(restore(encoder.momentum(shuffle(second))));
    const queries = ops.l2Normalize(encoder(first));
    const { rows, push } = queue("queue", 24, WIDTH);
    push(keys);
    const loss = losses.infoNce(queries, keys, { temperature: 0.2, negatives: rows });
    return { loss, embeddings: queries };
  });
}

/** SwAV's: crops of two sizes in one pass each, assignments over batch and queue, prototypes that are frozen at first. */
export function assignments(layers: readonly MlpLayer[]): LoadedMethod {
  return methodOf((context) => {
    const { views, network, prototypes, queue, step, ops, losses } = context;
    const encoder = network({ projector: layers });
    const rows = prototypes("prototypes", 5, WIDTH, { frozen: ops.less(step, 2) });
    const z = encoder.perView(views).map((each) => ops.l2Normalize(each));
    const scores = (x: Value) => ops.matMul(x, rows, { transposeB: true });
    const targets = z.slice(0, 2).map((each, i) => {
      const { rows: older, push } = queue(`queue${i}`, 12, WIDTH);
      push(ops.stopGradient(each));
      const known = ops.stopGradient(ops.concat([scores(each), scores(older)], { axis: 0 }));
      const shares = losses.sinkhorn(known, { epsilon: 0.5 });
      return ops.slice(shares, { starts: [0], ends: [context.batchSize], axes: [0] });
    });
    const predictions = z.map((each) => ops.logSoftmax(ops.div(scores(each), 0.1)));
    const loss = losses.swappedPrediction(
      targets,
      predictions,
      (target, prediction) =>
        ops.neg(ops.reduceMean(ops.reduceSum(ops.mul(target, prediction), { axis: 1 }))),
    );
    return { loss, embeddings: z[0]! };
  });
}

/** SimCLR's: every other sample of both views is a negative, and both views go through the network in one tensor. */
export function negatives(layers: readonly MlpLayer[]): LoadedMethod {
  return methodOf(({ views, encoder, batchSize, constant, ops }) => {
    const { backbone, mlp } = encoder("online");
    const z = ops.l2Normalize(mlp("projector", layers)(backbone(ops.concat(views, { axis: 0 }))));
    const similarities = ops.div(ops.matMul(z, z, { transposeB: true }), 0.5);
    const count = 2 * batchSize;
    const itself = Array.from({ length: count ** 2 }, (_, i) => i % (count + 1) === 0 ? -1e9 : 0);
    const others = ops.add(similarities, constant(itself, [count, count]));
    const partner = Array.from(
      { length: count ** 2 },
      (_, i) => i % count === (Math.floor(i / count) + batchSize) % count ? 1 : 0,
    );
    const positive = ops.reduceSum(ops.mul(similarities, constant(partner, [count, count])), {
      axis: 1,
    });
    return {
      loss: ops.reduceMean(ops.sub(ops.logSumExp(others, { axes: [1] }), positive)),
      embeddings: ops.slice(z, { starts: [0], ends: [batchSize], axes: [0] }),
    };
  });
}

/** Barlow Twins': the correlation of coordinates over the batch. */
export function correlations(layers: readonly MlpLayer[]): LoadedMethod {
  return methodOf(({ views, network, batchSize, constant, ops }) => {
    const encoder = network({ projector: layers });
    const [z1, z2] = views.map((view) => {
      const z = encoder(view);
      const centred = ops.sub(z, ops.reduceMean(z, { axis: 0, keepDims: true }));
      const variance = ops.reduceMean(ops.mul(centred, centred), { axis: 0, keepDims: true });
      return ops.div(centred, ops.sqrt(ops.add(variance, 1e-5)));
    }) as [Value, Value];
    const correlation = ops.div(ops.matMul(z1, z2, { transposeA: true }), batchSize);
    const one = Array.from({ length: WIDTH ** 2 }, (_, i) => i % (WIDTH + 1) === 0 ? 1 : 0);
    const error = ops.sub(correlation, constant(one, [WIDTH, WIDTH]));
    return { loss: ops.reduceMean(ops.mul(error, error)), embeddings: z1 };
  });
}

/** No method's: much that may lie between networks without mixing samples, and a head that is frozen at first. */
export function chained(layers: readonly MlpLayer[]): LoadedMethod {
  return methodOf(({ views, network, head, step, ops, encoder, initializers }) => {
    const { parameter } = encoder("online");
    const scale = parameter("scale", [WIDTH], initializers.constantInitializer(1));
    const turn = parameter("turn", [WIDTH, WIDTH], initializers.normalInitializer(1));
    const [first, second] = views.map(network({ projector: layers })) as [Value, Value];
    const scaled = ops.mul(ops.l2Normalize(ops.relu(first)), scale);
    const both = ops.concat([scaled, ops.softmax(second)], { axis: 1 });
    const centred = ops.sub(both, ops.reduceMean(both, { axis: 1, keepDims: true }));
    const turned = ops.transpose(ops.reshape(centred, [-1, 2, WIDTH]), [0, 2, 1]);
    const summed = ops.matMul(ops.reduceSum(turned, { axis: 2 }), turn);
    const half = ops.slice(centred, { starts: [WIDTH], ends: [2 * WIDTH], axes: [1] });
    const last = head("last", layers, { frozen: ops.less(step, 2) });
    const [p1, p2] = last.perView([summed, half]) as [Value, Value];
    const error = ops.sub(p1, ops.add(p2, scale));
    return { loss: ops.reduceMean(ops.mul(error, error)), embeddings: first };
  });
}
