/**
 * Trained weights as tasks are given them: a run's folder, or one of its checkpoints.
 *
 * @module
 */
import { join } from "node:path";
import { type Device, DeviceTensor } from "../core/engine/ort/mod.ts";
import type { Tensor } from "../core/engine/graph/tensor.ts";
import type { Configuration } from "../core/method/configuration.ts";
import { type Checkpoint, findCheckpoint, loadCheckpoint } from "../core/train/run/checkpoint.ts";

/** A checkpoint and the configuration of its run. */
export interface TrainedRun {
  readonly checkpoint: Checkpoint;
  readonly configuration: Configuration;
}

/**
 * Loads the newest checkpoint of a run, or the checkpoint at a path.
 *
 * @throws {Deno.errors.NotFound} if there is none
 */
export async function openTrained(path: string): Promise<TrainedRun> {
  const newest = await findCheckpoint(join(path, "checkpoints"), "latest");
  const checkpoint = await loadCheckpoint(newest ?? path);
  return { checkpoint, configuration: checkpoint.state.configuration as Configuration };
}

/** Parameters and buffers on a device; the stack releases them. */
export function placeWeights(
  owned: DisposableStack,
  model: ReadonlyMap<string, Tensor>,
  device: Device,
): Map<string, DeviceTensor> {
  return new Map(
    [...model].map(([name, value]) => [name, owned.use(DeviceTensor.from(value, device))]),
  );
}
