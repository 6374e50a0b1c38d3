import { GenviewRangeError } from "../../errors/mod.ts";
import { elementCount } from "../graph/shape.ts";
import { formatType } from "../graph/tensor.ts";
import { currentRanks } from "../graph/target.ts";
import type { Value } from "../graph/value.ts";
import { batchNormalization } from "../ops/batch_normalization.ts";
import { batchNormalizationInference } from "../ops/batch_normalization_inference.ts";
import { countUp } from "../ops/count_up.ts";
import { expand } from "../ops/expand.ts";
import { reduceMean } from "../ops/reduce_mean.ts";
import { reshape } from "../ops/reshape.ts";
import { runningAverage } from "../ops/running_average.ts";
import { synchronizedBatchNormalization } from "../ops/synchronized_batch_normalization.ts";
import { constantInitializer, type Initializer } from "./initializers.ts";
import type { Scope } from "./scope.ts";

/** Share of the running statistics that a step keeps: 1 less what PyTorch calls momentum, 0.1. */
const KEPT = 0.9;

/** What is added to variances: every kernel takes it. */
const EPSILON = 1e-5;

/** Options of {@linkcode batchNorm}. */
export interface BatchNormOptions {
  /** Whether a scale and an offset are learned (default true). */
  readonly affine?: boolean;
  /** Initial scale (default one). */
  readonly weightInitializer?: Initializer;
  /** What is added to the variance (default 1e-5). */
  readonly epsilon?: number;
}

/** The statistics of each view, `[V C]`, where those of groups are averaged. */
function ofViews(statistic: Value, { views, batchNormGroups: groups }: Scope): Value {
  if (groups === 1) return statistic;
  const channels = statistic.shape[0]! / (views * groups);
  const ofGroups = reshape(statistic, [groups, views * channels]);
  return reduceMean(ofGroups, { axes: [0] });
}

/**
 * Moves the running statistics towards those of the batch, whose variance PyTorch keeps unbiased; of groups, towards
 * the mean of theirs, and of views, towards those of each in turn.
 *
 * @param count elements that each statistic was taken over
 */
function updateStatistics(
  layer: Scope,
  { mean, variance }: { readonly mean: Value; readonly variance: Value },
  count: number,
): void {
  const channels = mean.shape[0]! / (layer.views * layer.batchNormGroups);
  const move = (name: string, statistic: Value, initial: number, factor: number) => {
    const before = layer.buffer(name, [channels], constantInitializer(initial));
    layer.write(
      name,
      runningAverage(before, ofViews(statistic, layer), { kept: KEPT, factor }),
    );
  };
  move("running_mean", mean, 0, 1);
  move("running_var", variance, 1, count / (count - 1));
  const batches = layer.buffer("num_batches_tracked", [], constantInitializer(0), "int64");
  layer.write("num_batches_tracked", countUp(batches, layer.views));
}

/**
 * How many processes a layer's statistics are of.
 *
 * @throws {RangeError} if it takes them from all, and groups of its own besides
 */
function ranksOf({ syncBatchNorm, batchNormGroups, path }: Scope): number {
  const ranks = syncBatchNorm ? currentRanks() : 1;
  if (ranks === 1 || batchNormGroups === 1) return ranks;
  throw new GenviewRangeError(
    `Cannot normalise batch in layer "${path}": with --sync-batch-norm the statistics are those of all ${ranks} processes, ` +
      `found ${batchNormGroups} groups of samples in each that are normalised apart; set --no-sync-batch-norm`,
  );
}

/** A vector `[C]`, repeated for each group, `[groups * C]`. */
function tile(vector: Value, groups: number): Value {
  const channels = vector.shape[0]!;
  return reshape(expand(reshape(vector, [1, channels]), [groups, channels]), [groups * channels]);
}

/**
 * Batch normalisation over all axes but the channels (Ioffe & Szegedy 2015), as `torch.nn.BatchNorm1d` and
 * `BatchNorm2d`: parameters `weight` and `bias`, buffers `running_mean`, `running_var` and `num_batches_tracked`.
 * In training the batch's statistics normalise and move the running ones by a tenth; otherwise the running ones do.
 * Where the scope has groups, each part of the batch is normalised by its own statistics, as on devices without SyncBN;
 * where it has views, each of them is, and moves the running statistics in turn. Where the scope has synchronised batch
 * norm and several processes run the graph, the statistics are those of the samples of all of them.
 *
 * @param x `[N, C]` or `[N, C, H, W]`
 * @throws {RangeError} if in training a channel has one element only, the groups do not divide the batch, or there are
 * groups although it is synchronised
 */
export function batchNorm(
  scope: Scope,
  name: string,
  x: Value,
  options: BatchNormOptions = {},
): Value {
  return scope.enter(name, (layer) => {
    const { affine = true, weightInitializer = constantInitializer(1), epsilon = EPSILON } =
      options;
    const channels = x.shape[1]!;
    const scaled = affine && {
      scale: layer.parameter("weight", [channels], weightInitializer),
      bias: layer.parameter("bias", [channels], constantInitializer(0)),
    };
    if (!layer.training) {
      const mean = layer.buffer("running_mean", [channels], constantInitializer(0));
      const variance = layer.buffer("running_var", [channels], constantInitializer(1));
      layer.buffer("num_batches_tracked", [], constantInitializer(0), "int64");
      return batchNormalizationInference(x, { ...scaled, mean, variance, epsilon });
    }
    const groups = layer.batchNormGroups * layer.views;
    if (x.shape[0]! % groups !== 0) {
      throw new GenviewRangeError(
        `Cannot normalise batch in layer "${layer.path}": ${groups} groups must divide the batch, found ${
          formatType(x.type)
        }`,
      );
    }
    const ranks = ranksOf(layer);
    const count = ranks * elementCount(x.shape) / (channels * groups);
    if (count < 2) {
      throw new GenviewRangeError(
        `Cannot normalise batch in layer "${layer.path}": a channel must have at least 2 ` +
          `elements${groups > 1 ? ` in each of ${groups} groups` : ""} in training, found ${
            formatType(x.type)
          }`,
      );
    }
    const normalize = ranks === 1 ? batchNormalization : synchronizedBatchNormalization;
    if (groups === 1) {
      const { y, ...statistics } = normalize(x, { ...scaled, epsilon });
      updateStatistics(layer, statistics, count);
      return y;
    }
    // Sample i, which belongs to group i mod groups, becomes a sample whose channels are those of all groups.
    const grouped = reshape(x, [x.shape[0]! / groups, groups * channels, ...x.shape.slice(2)]);
    const tiled = scaled &&
      { scale: tile(scaled.scale, groups), bias: tile(scaled.bias, groups) };
    const { y, ...statistics } = normalize(grouped, { ...tiled, epsilon });
    updateStatistics(layer, statistics, count);
    return reshape(y, x.shape);
  });
}
