/**
 * Checkpoints: folders of safetensors and JSON that appear whole or not at all.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { DeviceTensor } from "../../engine/ort/mod.ts";
import { GenviewAlreadyExists } from "../../errors/mod.ts";
import { fileError } from "../../files/file_error.ts";
import { ifThere } from "../../files/if_there.ts";
import { makeFolder, syncFolder, writeNewFile } from "../../files/new_file.ts";
import { readSafetensors, type TensorSource, writeSafetensors } from "../safetensors.ts";
import { verifyChecksums, writeChecksums } from "./checksums.ts";
import { listCheckpoints } from "./list.ts";
import { checkpointName, type CheckpointState, formatState, loadCheckpointState } from "./state.ts";

/** A checkpoint in memory. */
export interface Checkpoint {
  /** Step, epoch, method and configuration. */
  readonly state: CheckpointState;
  /** Parameters and buffers, under the names of the state dict. */
  readonly model: ReadonlyMap<string, Tensor>;
  /** The optimizer's slots. */
  readonly optimizer: ReadonlyMap<string, Tensor>;
}

/** What {@linkcode saveCheckpoint} writes: tensors that are fetched from the device one by one. */
export interface CheckpointSources {
  /** Step, epoch, method and configuration. */
  readonly state: CheckpointState;
  /** Parameters and buffers, under the names of the state dict. */
  readonly model: Iterable<readonly [string, Tensor | TensorSource]>;
  /** The optimizer's slots. */
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

/** Writes the files of a checkpoint into an empty folder, and their checksums. */
async function writeFiles(
  folder: string,
  { state, model, optimizer }: CheckpointSources,
): Promise<void> {
  const digests: Record<string, string> = {};
  for (const [name, tensors] of Object.entries({ model, optimizer })) {
    const hash = createHash("sha256");
    const file = `${name}.safetensors`;
    await writeSafetensors(join(folder, file), tensors, { observe: (bytes) => hash.update(bytes) });
    digests[file] = hash.digest("hex");
  }
  const text = formatState(state);
  await writeNewFile(join(folder, "state.json"), text);
  digests["state.json"] = createHash("sha256").update(text).digest("hex");
  await writeChecksums(folder, digests);
}

/**
 * Writes a checkpoint under a temporary name, brings it to the disk, renames it, and then removes the oldest before it:
 * `keep` are left with it, and any of later steps. A failure leaves nothing behind.
 *
 * @returns the checkpoint's path
 * @throws {Deno.errors.AlreadyExists} if the folder holds a checkpoint of this step
 * @throws {GenviewError} if the system refuses, such as on a full disk
 */
export async function saveCheckpoint(
  folder: string,
  sources: CheckpointSources,
  keep: number,
): Promise<string> {
  const path = join(folder, checkpointName(sources.state.step));
  await makeFolder(folder);
  try {
    await removeUnfinished(folder);
    if (await ifThere(Deno.lstat(path)) !== undefined) {
      throw new GenviewAlreadyExists(
        `Cannot save checkpoint ${path}: it exists; resume from it, or choose another output folder`,
      );
    }
    const temporary = `${path}.tmp`;
    await Deno.mkdir(temporary);
    try {
      await writeFiles(temporary, sources);
      await Deno.rename(temporary, path);
    } catch (error) {
      await Deno.remove(temporary, { recursive: true }).catch(() => {
        // The error that is on its way says more than that there is nothing to remove.
      });
      throw error;
    }
    await syncFolder(folder);
    const older = (await listCheckpoints(folder)).filter(({ step }) => step < sources.state.step);
    for (const old of older.slice(0, Math.max(0, older.length + 1 - keep))) {
      await Deno.remove(old.path, { recursive: true });
    }
  } catch (cause) {
    throw fileError(`save checkpoint ${path}`, cause);
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

/**
 * Reads a checkpoint, and checks its files against the checksums that were written with them.
 *
 * @param path the checkpoint's folder
 * @throws {Deno.errors.NotFound} if the folder is not a checkpoint, or a file of it is missing
 * @throws {SyntaxError} if a file is damaged
 * @throws {TypeError} if the state is of another version, or of another step than the folder's name says
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const state = await loadCheckpointState(path);
  await verifyChecksums(path);
  const model = await readSafetensors(join(path, "model.safetensors"));
  const optimizer = await readSafetensors(join(path, "optimizer.safetensors"));
  return { state, model: model.tensors, optimizer: optimizer.tensors };
}
