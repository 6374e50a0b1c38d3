/**
 * From where a run starts: from nothing, from a checkpoint of its own, or from one of another run.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { checkResumable, type ConfigurationChange } from "./check_resumable.ts";
import { type Checkpoint, findCheckpoint, listCheckpoints, loadCheckpoint } from "./checkpoint.ts";
import { checkNoRun, readDescription } from "./run_description.ts";
import type { TrainOptions } from "./train_options.ts";

/** What a run starts with. */
export interface RunOrigin {
  /** Undefined if it starts from initial values. */
  readonly checkpoint: Checkpoint | undefined;
  /** Where the checkpoint lies, if it is the run's own. */
  readonly saved: string | undefined;
  /** Whether the run in the output folder goes on. */
  readonly resumes: boolean;
  readonly changes: readonly ConfigurationChange[];
}

function real(path: string): string {
  return existsSync(path) ? Deno.realPathSync(path) : resolve(path);
}

/** Whether a checkpoint is one of the run in a folder; `latest` always is. */
export function isOwnCheckpoint(output: string, which: string): boolean {
  return which === "latest" || real(dirname(resolve(which))) === real(join(output, "checkpoints"));
}

/**
 * Finds what a run starts with; writes nothing.
 *
 * @throws {Deno.errors.AlreadyExists} if the output folder holds a run and the checkpoint is none of its own
 * @throws {Deno.errors.NotFound} if a run should go on and there is none
 * @throws {TypeError} if the configuration is not the checkpoint's
 * @throws {RangeError} if the run has gone on after the checkpoint
 */
export async function findOrigin(options: TrainOptions): Promise<RunOrigin> {
  const { output, resume } = options;
  const resumes = resume !== undefined && isOwnCheckpoint(output, resume);
  if (resumes) await readDescription(output);
  else checkNoRun(output);
  const folder = join(output, "checkpoints");
  const path = resume === undefined ? undefined : await findCheckpoint(folder, resume);
  if (path === undefined) return { checkpoint: undefined, saved: undefined, resumes, changes: [] };
  const checkpoint = await loadCheckpoint(path);
  const { step } = checkpoint.state;
  const newest = (await listCheckpoints(folder)).at(-1);
  if (resumes && newest !== undefined && newest.step > step) {
    throw new GenviewRangeError(
      `Cannot resume the run in ${output} from step ${step}: it must be its last checkpoint, found ` +
        `${newest.path}; name another output folder for a run from here, or move the later checkpoints away`,
    );
  }
  const changes = checkResumable(checkpoint.state, options);
  return { checkpoint, saved: resumes ? path : undefined, resumes, changes };
}
