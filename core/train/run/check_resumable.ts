/**
 * Whether a run may go on from a checkpoint.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import type { CheckpointState } from "../../weights/checkpoint/state.ts";
import type { TrainOptions } from "./train_options.ts";

/** A value with which a run goes on, and which it did not have before. */
export interface ConfigurationChange {
  /** Steps that were taken before it. */
  readonly step: number;
  /** The value's name in the configuration. */
  readonly name: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** What may change because it is how a run is saved whose loss is no number. */
const REMEDIES: ReadonlySet<string> = new Set([
  "learningRate",
  "minimumLearningRate",
  "warmupEpochs",
  "clipGradientNorm",
]);

/**
 * Checks that a checkpoint belongs to a run of this configuration.
 *
 * @returns what is no longer as it was, of that which may change what is computed: the learning rate's course and the
 * norm to which gradients are clipped
 * @throws {TypeError} if anything else differs that changes what is computed
 */
export function checkResumable(
  state: CheckpointState,
  { method, configuration, dataset }: TrainOptions,
): ConfigurationChange[] {
  const before = state.configuration as Readonly<Record<string, unknown>>;
  // What may change between the parts of a run without changing what it computes.
  const free = new Set([
    "device",
    "threads",
    "loaders",
    "keepCheckpoints",
    "checkpointEvery",
    "evaluateEvery",
    "evaluationData",
    "strict",
    // The formulations are the checkpoint's.
    "autotune",
    "vis",
  ]);
  const different = Object.entries(configuration).filter(([name, value]) =>
    !free.has(name) && JSON.stringify(before[name]) !== JSON.stringify(value)
  );
  const changed = different.filter(([name]) => !REMEDIES.has(name)).map(([name, value]) =>
    `${name} was ${JSON.stringify(before[name])}, found ${JSON.stringify(value)}`
  );
  if (state.samples !== dataset.length) {
    changed.unshift(`the data set had ${state.samples} samples, found ${dataset.length}`);
  }
  if (state.method !== method.manifest.name) {
    changed.unshift(`the method was ${state.method}, found ${method.manifest.name}`);
  }
  if (changed.length > 0) {
    throw new GenviewTypeError(
      `Cannot resume: the configuration must be the one that the run began with, but for ${
        [...REMEDIES].join(", ")
      }: ${changed.join("; ")}`,
    );
  }
  const values = new Map(different);
  return [...REMEDIES].filter((name) => values.has(name)).map((name) => ({
    step: state.step,
    name,
    from: before[name],
    to: values.get(name),
  }));
}
