/**
 * A run of a method of some ten thousand parameters on noise: what several processes do to train it does not depend on its
 * size.
 *
 * @module
 */
import { UnreadableImageError } from "../../../../core/data/decode/unreadable_image_error.ts";
import type { Dataset } from "../../../../core/data/dataset.ts";
import { datasetOf } from "../../../../core/data/mod.ts";
import type { MlpLayer } from "../../../../core/engine/nn/mlp.ts";
import type { PartialConfiguration } from "../../../../core/method/resolve_configuration.ts";
import type { TrainOptions } from "../../../../core/train/run/train_options.ts";
import { PATCH_DIRECTION, patchMeans } from "../patch_means.ts";
import { methodOf } from "../small_methods.ts";
import { noise, options, SIZE } from "../small_run.ts";

/** Samples of the data set. */
const SAMPLES = 24;

/** How a tiny run is changed. */
export interface TinyChanges {
  readonly configuration?: PartialConfiguration;
  /** Whether there is a batch norm, which each process takes of its own samples (default no). */
  readonly batchNorm?: boolean;
  /** Whether an encoder weights pairs (default no). */
  readonly weighted?: boolean;
  /** A sample that cannot be read. */
  readonly torn?: number;
}

/** A queue, a momentum encoder and weights of pairs, on pixels as they are. */
function tinyContrast(batchNorm: boolean) {
  const layers: readonly MlpLayer[] = [
    batchNorm ? { width: 8 } : { width: 8, norm: "none" },
    { width: 6, norm: "none", activation: "none" },
  ];
  return methodOf(({ views, head, queue, ops, losses, pairWeights: weights }) => {
    const encoder = head("trunk", layers);
    const [first, second] = views.map((view) => ops.reshape(view, [view.shape[0]!, -1]));
    const queries = ops.l2Normalize(encoder(first!));
    const keys = ops.l2Normalize(encoder.momentum(second!));
    const { rows, push } = queue("queue", SAMPLES, 6);
    push(keys);
    const loss = losses.infoNce(queries, keys, { temperature: 0.2, negatives: rows, weights });
    return { loss, embeddings: queries, metrics: { last: loss } };
  });
}

function tornAt(torn: number): Dataset {
  const whole = noise(SAMPLES);
  return datasetOf("torn", SAMPLES, (index) =>
    index !== torn ? whole.sample(index) : {
      key: "torn",
      source: {
        kind: "rendered",
        name: "torn",
        render: () => Promise.reject(new UnreadableImageError("torn", "it is torn")),
      },
    });
}

/** Four epochs of three steps of eight samples, on one thread. */
export function tinyRun(
  output: string,
  { configuration, batchNorm = false, weighted = false, torn }: TinyChanges = {},
): TrainOptions {
  return {
    ...options(output, {
      threads: 1,
      learningRate: 0.1,
      parameterRules: [],
      options: {},
      scheduled: { encoderMomentum: { from: 0.9, to: 1 } },
      keepCheckpoints: 99,
      ...configuration,
    }),
    method: tinyContrast(batchNorm),
    dataset: torn === undefined ? noise(SAMPLES) : tornAt(torn),
    ...(weighted && {
      pairEncoder: { network: patchMeans(SIZE), component: PATCH_DIRECTION, sharpness: 20 },
    }),
  };
}
