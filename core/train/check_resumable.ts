/**
 * Whether a run may go on from a checkpoint.
 *
 * @module
 */
import type { CheckpointState } from "./checkpoint.ts";
import type { TrainOptions } from "./train_options.ts";

/**
 * Checks that a checkpoint belongs to a run of this configuration.
 *
 * @throws {TypeError} if something differs that changes what is computed
 */
export function checkResumable(
  state: CheckpointState,
  { method, configuration, dataset }: TrainOptions,
): void {
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
  const changed = Object.entries(configuration).filter(([name, value]) =>
    !free.has(name) && JSON.stringify(before[name]) !== JSON.stringify(value)
  ).map(([name, value]) =>
    `${name} was ${JSON.stringify(before[name])}, found ${JSON.stringify(value)}`
  );
  if (state.samples !== dataset.length) {
    changed.unshift(`the data set had ${state.samples} samples, found ${dataset.length}`);
  }
  if (state.method !== method.manifest.name) {
    changed.unshift(`the method was ${state.method}, found ${method.manifest.name}`);
  }
  if (changed.length > 0) {
    throw new TypeError(
      `Cannot resume: the configuration must be the one that the run began with: ${
        changed.join("; ")
      }`,
    );
  }
}
