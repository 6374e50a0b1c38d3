/**
 * The checkpoints in a run's folder.
 *
 * @module
 */
import { join } from "node:path";
import { fileError } from "../../files/file_error.ts";
import { checkpointStep } from "./state.ts";

/** A checkpoint in a folder. */
export interface ListedCheckpoint {
  /** Its own folder. */
  readonly path: string;
  /** Optimizer steps that were taken before it. */
  readonly step: number;
}

/** The checkpoints in a folder, oldest first; none if there is no such folder. */
export async function listCheckpoints(folder: string): Promise<ListedCheckpoint[]> {
  const found: ListedCheckpoint[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      const step = checkpointStep(entry.name);
      if (entry.isDirectory && step !== undefined) {
        found.push({ path: join(folder, entry.name), step });
      }
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw fileError(`list ${folder}`, error);
  }
  return found.sort((a, b) => a.step - b.step);
}
