/**
 * Runs that were trained, opened by their folder.
 *
 * @module
 */
import { join } from "node:path";
import type { Configuration } from "../../method/configuration.ts";
import { withTodaysNames } from "../../method/former_names.ts";
import { type Checkpoint, loadCheckpoint } from "../../weights/checkpoint/checkpoint.ts";
import { type DamagedCheckpoint, loadNewestCheckpoint } from "../../weights/checkpoint/newest.ts";

/** A run at one of its checkpoints. */
export interface OpenedRun {
  /** Name of the method that trained it. */
  readonly method: string;
  /** What `loadMethodByName` loads the method by: its name, or the address of its manifest; absent if that is not known. */
  readonly address?: string;
  /** What the run was trained with up to this checkpoint. */
  readonly configuration: Configuration;
  /** State, parameters, buffers and the optimizer's slots. */
  readonly checkpoint: Checkpoint;
  /** The checkpoint's folder. */
  readonly path: string;
  /** Newer checkpoints that are damaged. */
  readonly passedOver: readonly DamagedCheckpoint[];
}

/**
 * Opens a run at its newest whole checkpoint, or at the checkpoint whose folder is named.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { float32 } from "../../engine/graph/tensor.ts";
 * import { DEFAULT_CONFIGURATION } from "../../method/configuration.ts";
 * import { saveCheckpoint } from "../../weights/checkpoint/checkpoint.ts";
 * import { openRun } from "./open_run.ts";
 *
 * const run = await Deno.makeTempDir();
 * const state = { version: 1, method: "simsiam", step: 10, epoch: 1, samples: 80 } as const;
 * await saveCheckpoint(`${run}/checkpoints`, {
 *   state: { ...state, configuration: DEFAULT_CONFIGURATION },
 *   model: [["backbone.conv1.weight", float32([2], [1, -2])]],
 *   optimizer: [],
 * }, 2);
 *
 * const { configuration, checkpoint } = await openRun(run);
 * assertEquals(configuration.backbone, "resnet18");
 * assertEquals(checkpoint.model.get("backbone.conv1.weight"), float32([2], [1, -2]));
 * await Deno.remove(run, { recursive: true });
 * ```
 *
 * @param path a run's folder, or that of one of its checkpoints
 * @throws {Deno.errors.NotFound} if there is neither
 * @throws {GenviewError} if all checkpoints of the run are damaged
 * @throws {SyntaxError} if the checkpoint that is named is damaged
 */
export async function openRun(path: string): Promise<OpenedRun> {
  const newest = await loadNewestCheckpoint(join(path, "checkpoints")) ??
    { checkpoint: await loadCheckpoint(path), path, passedOver: [] };
  const { method, address, configuration } = newest.checkpoint.state;
  return {
    ...newest,
    method,
    ...(address !== undefined && { address }),
    configuration: withTodaysNames(configuration),
  };
}
