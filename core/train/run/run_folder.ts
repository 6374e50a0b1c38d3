/**
 * The folder of a run while it is trained in.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { FolderLock } from "../../files/folder_lock.ts";
import { checkOutput } from "./run_origin.ts";
import { RunRanks } from "./run_ranks.ts";
import type { TrainOptions } from "./train_options.ts";

/**
 * Runs what trains in a folder while nobody else writes there; of several processes the first sees to that. What is
 * refused before anything is written leaves no folder behind.
 *
 * @throws {Deno.errors.AlreadyExists} if the folder holds a run that is not resumed, or at once if another process
 * trains there
 * @throws {Deno.errors.NotFound} if a run is to be resumed and there is none
 * @throws {TypeError} if a run is to be resumed that started with other weights, or a new one is to start with two
 */
export async function inRunFolder<T>(
  options: Pick<TrainOptions, "output" | "resume" | "from" | "fromHeads" | "group">,
  run: () => Promise<T>,
): Promise<T> {
  const { output } = options;
  if (!new RunRanks(options.group).leads) return await run();
  // Without the lock, which would make the folder; what is asked again under it may have changed until then.
  await checkOutput(options);
  const existed = existsSync(output);
  try {
    using _lock = await FolderLock.acquire(output);
    return await run();
  } catch (error) {
    if (!existed && existsSync(output) && [...Deno.readDirSync(output)].length === 0) {
      await Deno.remove(output);
    }
    throw error;
  }
}
