/**
 * Runs that are discarded: moved into a folder of the root, from which people take them back or remove them.
 *
 * @module
 */
import { basename, join } from "node:path";
import {
  GenviewAlreadyExists,
  GenviewError,
  GenviewTypeError,
  isGenviewError,
} from "../../errors/mod.ts";
import { fileError } from "../../files/file_error.ts";
import { FolderLock, lockHolder } from "../../files/folder_lock.ts";
import { ifThere } from "../../files/if_there.ts";
import { makeFolder } from "../../files/new_file.ts";
import type { StudioContext } from "../studio_context.ts";
import type { JobQueue } from "./job_queue.ts";

/** Folder of what is discarded, below the root. */
export const TRASH_FOLDER = ".genview-trash";

/** Refuses a run in whose folder, or in a folder of it, somebody is at work. */
async function checkIdle(run: string, folder: string, queue: JobQueue): Promise<void> {
  const job = queue.activeWithin(run);
  if (job !== undefined) {
    throw new GenviewAlreadyExists(
      `Cannot discard ${run}: job ${job.id} is ${job.state} for it; stop that first`,
    );
  }
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory) continue;
    const holder = await lockHolder(join(folder, name));
    if (holder === undefined) continue;
    throw new GenviewAlreadyExists(
      `Cannot discard ${run}: process ${holder.process} on ${holder.host} is at work in its ${name}; stop it first`,
    );
  }
}

/**
 * Moves a run into the trash folder of the root.
 *
 * @param confirm must be the run's path, or its last part
 * @returns path of the moved folder, below the root
 * @throws {GenviewTypeError} if it is not confirmed, or is the root itself
 * @throws {GenviewAlreadyExists} if somebody is at work in it
 * @throws {GenviewError} if the system refuses
 */
export async function trashRun(
  run: string,
  confirm: string,
  context: StudioContext,
  queue: JobQueue,
): Promise<string> {
  const folder = await context.resolve(run);
  if (folder === context.root) {
    throw new GenviewTypeError("Cannot discard the studio's root itself");
  }
  if (confirm !== run && confirm !== basename(run)) {
    throw new GenviewTypeError(
      `Cannot discard ${run}: confirm must repeat its name, found ${JSON.stringify(confirm)}`,
    );
  }
  await checkIdle(run, folder, queue);
  const time = new Date().toISOString().replaceAll(/[-:]/g, "").replace(".", "");
  const place = `${TRASH_FOLDER}/${time}-${run.replaceAll("/", "-")}`;
  const target = await context.resolveNew(place);
  await makeFolder(await context.resolveNew(TRASH_FOLDER));
  {
    // Whoever trains there holds it, and nobody begins to while it is moved.
    using _lock = await FolderLock.acquire(folder);
    try {
      await Deno.rename(folder, target);
    } catch (cause) {
      const error = fileError(`move ${folder} to ${target}`, cause);
      if (isGenviewError(error)) throw error;
      throw new GenviewError(`Cannot move ${folder} to ${target}: ${(cause as Error).message}`, {
        cause,
      });
    }
  }
  await ifThere(Deno.remove(join(target, ".genview.lock")));
  await context.runs.tag(run, []);
  context.announce({ kind: "gone", run });
  return place;
}
