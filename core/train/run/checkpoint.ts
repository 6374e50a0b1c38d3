/**
 * Checkpoints: folders of safetensors and JSON that appear whole or not at all.
 *
 * @module
 */
import {
  GenviewAlreadyExists,
  GenviewNotFound,
  GenviewSyntaxError,
  GenviewTypeError,
} from "../../errors/mod.ts";
import { join } from "node:path";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { DeviceTensor } from "../../engine/ort/mod.ts";
import type { EpochSums } from "./epoch_sums.ts";
import { readSafetensors, type TensorSource, writeSafetensors } from "../../weights/safetensors.ts";

/** What a checkpoint says of itself. */
export interface CheckpointState {
  /** Version of the format. */
  readonly version: 1;
  /** Name of the method. */
  readonly method: string;
  /** Optimizer steps that were taken. */
  readonly step: number;
  /** Whole epochs that were finished. */
  readonly epoch: number;
  /** Samples in the data set, by which the order of an epoch is drawn. */
  readonly samples: number;
  /** What the steps of the epoch come to in whose midst it was written. */
  readonly epochSoFar?: EpochSums;
  /** Everything that determines the run. */
  readonly configuration: unknown;
  /** Formulations of the convolutions; none if the checkpoint is from before they were kept. */
  readonly tuning?: unknown;
}

/** A checkpoint in memory. */
export interface Checkpoint {
  readonly state: CheckpointState;
  /** Parameters and buffers, under the names of the state dict. */
  readonly model: ReadonlyMap<string, Tensor>;
  /** The optimizer's slots. */
  readonly optimizer: ReadonlyMap<string, Tensor>;
}

/** What {@linkcode saveCheckpoint} writes: tensors that are fetched from the device one by one. */
export interface CheckpointSources {
  readonly state: CheckpointState;
  readonly model: Iterable<readonly [string, Tensor | TensorSource]>;
  readonly optimizer: Iterable<readonly [string, Tensor | TensorSource]>;
}

/** Tensors that are fetched from the device when their turn comes. */
export function* deviceSources(
  tensors: ReadonlyMap<string, DeviceTensor>,
): Generator<[string, TensorSource]> {
  for (const [name, value] of tensors) {
    yield [name, { ...value.type, read: () => Promise.resolve(value.read()) }];
  }
}

const NAME = /^step-(\d{9})$/;

function nameOf(step: number): string {
  return `step-${String(step).padStart(9, "0")}`;
}

/** The checkpoints in a folder, oldest first; none if there is no such folder. */
export async function listCheckpoints(folder: string): Promise<{ path: string; step: number }[]> {
  const found: { path: string; step: number }[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      const match = NAME.exec(entry.name);
      if (entry.isDirectory && match) {
        found.push({ path: join(folder, entry.name), step: Number(match[1]) });
      }
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort((a, b) => a.step - b.step);
}

/**
 * Writes a checkpoint under a temporary name, renames it, and then removes the oldest before it: `keep` are left with
 * it, and any of later steps.
 *
 * @returns the checkpoint's path
 * @throws {Deno.errors.AlreadyExists} if the folder holds a checkpoint of this step
 */
export async function saveCheckpoint(
  folder: string,
  sources: CheckpointSources,
  keep: number,
): Promise<string> {
  const path = join(folder, nameOf(sources.state.step));
  await Deno.mkdir(folder, { recursive: true });
  await removeUnfinished(folder);
  if ((await listCheckpoints(folder)).some((known) => known.path === path)) {
    throw new GenviewAlreadyExists(
      `Cannot save checkpoint ${path}: it exists; resume from it, or choose another output folder`,
    );
  }
  const temporary = `${path}.tmp`;
  await Deno.mkdir(temporary);
  await writeSafetensors(join(temporary, "model.safetensors"), sources.model);
  await writeSafetensors(join(temporary, "optimizer.safetensors"), sources.optimizer);
  const state = join(temporary, "state.json");
  await Deno.writeTextFile(state, JSON.stringify(sources.state, null, 2) + "\n");
  await Deno.rename(temporary, path);
  const older = (await listCheckpoints(folder)).filter(({ step }) => step < sources.state.step);
  for (const old of older.slice(0, Math.max(0, older.length + 1 - keep))) {
    await Deno.remove(old.path, { recursive: true });
  }
  return path;
}

/** Removes what a run that was killed while saving has left. */
async function removeUnfinished(folder: string): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    if (entry.name.endsWith(".tmp")) {
      await Deno.remove(join(folder, entry.name), { recursive: true });
    }
  }
}

function parseState(text: string, path: string): CheckpointState {
  let state: Partial<CheckpointState>;
  try {
    state = JSON.parse(text);
  } catch (cause) {
    throw new GenviewSyntaxError(`Cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
  if (state.version !== 1 || typeof state.step !== "number" || typeof state.epoch !== "number") {
    throw new GenviewTypeError(
      `Cannot read ${path}: it must be the state of a checkpoint of version 1, found version ${state.version}`,
    );
  }
  return state as CheckpointState;
}

/**
 * Reads what a checkpoint says of itself.
 *
 * @throws {Deno.errors.NotFound} if the folder is not a checkpoint
 */
export async function loadCheckpointState(path: string): Promise<CheckpointState> {
  const statePath = join(path, "state.json");
  let text: string;
  try {
    text = await Deno.readTextFile(statePath);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new GenviewNotFound(
      `Cannot load checkpoint ${path}: it has no state.json; give the folder of a checkpoint (step-…)`,
      { cause },
    );
  }
  return parseState(text, statePath);
}

/**
 * Reads a checkpoint.
 *
 * @throws {Deno.errors.NotFound} if the folder is not a checkpoint
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const state = await loadCheckpointState(path);
  const model = await readSafetensors(join(path, "model.safetensors"));
  const optimizer = await readSafetensors(join(path, "optimizer.safetensors"));
  return { state, model: model.tensors, optimizer: optimizer.tensors };
}

/**
 * The checkpoint from which a run goes on.
 *
 * @param which `latest`, or a checkpoint's path
 * @returns undefined if the latest is asked for and the run was killed before its first
 */
export async function findCheckpoint(folder: string, which: string): Promise<string | undefined> {
  return which === "latest" ? (await listCheckpoints(folder)).at(-1)?.path : which;
}
