/**
 * Where a run starts: at initial values, at a checkpoint of its own, or at one of another run.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { checkResumable, type ConfigurationChange } from "./check_resumable.ts";
import { type Checkpoint, loadCheckpoint } from "../../weights/checkpoint/checkpoint.ts";
import { listCheckpoints } from "../../weights/checkpoint/list.ts";
import { type DamagedCheckpoint, loadNewestCheckpoint } from "../../weights/checkpoint/newest.ts";
import { checkNoRun, readDescription } from "./run_description.ts";
import type { RunRanks } from "./run_ranks.ts";
import type { TrainOptions } from "./train_options.ts";

/** What a run starts with. */
export interface RunOrigin {
  /** Undefined if it starts from initial values. Only the first of several processes reads its tensors. */
  readonly checkpoint: (Pick<Checkpoint, "state"> & Partial<Checkpoint>) | undefined;
  /** Where the checkpoint lies, if it is the run's own. */
  readonly saved: string | undefined;
  /** Whether the run in the output folder is resumed. */
  readonly resumes: boolean;
  /** Weights that the backbone started with. */
  readonly from: string | undefined;
  /** Whether heads and moving averages did too. */
  readonly fromHeads?: boolean | undefined;
  /** Options that differ from those of earlier steps. */
  readonly changes: readonly ConfigurationChange[];
  /** Newer checkpoints of the run that are damaged. */
  readonly passedOver: readonly DamagedCheckpoint[];
}

function real(path: string): string {
  return existsSync(path) ? Deno.realPathSync(path) : resolve(path);
}

/** Whether a checkpoint is one of the run in a folder; `latest` always is. */
export function isOwnCheckpoint(output: string, which: string): boolean {
  return which === "latest" || real(dirname(resolve(which))) === real(join(output, "checkpoints"));
}

/**
 * Checks that a run may start in its output folder, or that there is one that may be resumed; writes nothing.
 *
 * @returns whether the run in the output folder is resumed
 * @throws {Deno.errors.AlreadyExists} if the output folder holds a run and the checkpoint is none of its own
 * @throws {Deno.errors.NotFound} if a run is to be resumed and there is none
 * @throws {TypeError} if a run is to be resumed that started with other weights, or a new one is to start with two
 */
export async function checkOutput(
  { output, resume, from, fromHeads }: Pick<
    TrainOptions,
    "output" | "resume" | "from" | "fromHeads"
  >,
): Promise<boolean> {
  if (fromHeads === true && from === undefined) {
    throw new GenviewTypeError(
      "Cannot start training: --from-heads is about the weights of --from, found none; name them",
    );
  }
  if (resume === undefined || !isOwnCheckpoint(output, resume)) {
    if (resume !== undefined && from !== undefined) {
      throw new GenviewTypeError(
        "Cannot start training: --from and --resume with another run's checkpoint both say what to start with, " +
          "found both; leave one out",
      );
    }
    checkNoRun(output);
    return false;
  }
  const { from: before, fromHeads: headsBefore = false } = await readDescription(output);
  if (from !== undefined && from !== before) {
    throw new GenviewTypeError(
      `Cannot resume: --from must be what the run started with, ${
        before ?? "which is nothing"
      }, found ${from}; leave it out`,
    );
  }
  if (fromHeads === true && !headsBefore) {
    throw new GenviewTypeError(
      "Cannot resume: --from-heads must be as the run started, found it set; leave it out",
    );
  }
  return true;
}

/**
 * Finds what a run starts with; writes nothing. `latest` is the newest checkpoint that is whole.
 *
 * @throws {Deno.errors.AlreadyExists} if the output folder holds a run and the checkpoint is none of its own
 * @throws {Deno.errors.NotFound} if a run is to be resumed and there is none
 * @throws {TypeError} if the configuration is not the checkpoint's
 * @throws {RangeError} if the run has gone on after the checkpoint
 * @throws {SyntaxError} if the checkpoint that is named is damaged
 */
export async function findOrigin(options: TrainOptions): Promise<RunOrigin> {
  const { output, resume } = options;
  const resumes = await checkOutput(options);
  const { from, fromHeads } = options;
  const nothing = {
    checkpoint: undefined,
    saved: undefined,
    resumes,
    from,
    fromHeads,
    changes: [],
    passedOver: [],
  };
  if (resume === undefined) return nothing;
  const folder = join(output, "checkpoints");
  const found = resume === "latest"
    ? await loadNewestCheckpoint(folder)
    : { checkpoint: await loadCheckpoint(resume), path: resume, passedOver: [] };
  if (found === undefined) {
    // The run was stopped before its first checkpoint: it starts again with what it began with.
    const { method, configuration, startedFrom, from, fromHeads } = await readDescription(
      output,
    );
    if (startedFrom !== undefined) {
      const checkpoint = await loadCheckpoint(startedFrom);
      return { ...nothing, checkpoint, changes: checkResumable(checkpoint.state, options) };
    }
    const begun = { method, configuration, step: 0, samples: options.dataset.length };
    return { ...nothing, from, fromHeads, changes: checkResumable(begun, options) };
  }
  const { checkpoint, path, passedOver } = found;
  const { step } = checkpoint.state;
  const newest = (await listCheckpoints(folder)).at(-1);
  if (resumes && resume !== "latest" && newest !== undefined && newest.step > step) {
    throw new GenviewRangeError(
      `Cannot resume the run in ${output} from step ${step}: it must be its last checkpoint, found ` +
        `${newest.path}; name another output folder for a run from here, or move the later checkpoints away`,
    );
  }
  const changes = checkResumable(checkpoint.state, options);
  return { checkpoint, saved: resumes ? path : undefined, resumes, from, changes, passedOver };
}

/**
 * Finds what a run of several processes starts with: the first of them reads it, and tells the others all but the tensors,
 * which it sends them later.
 *
 * @throws what {@linkcode findOrigin} throws, on the first process
 */
export async function findSharedOrigin(
  options: TrainOptions,
  ranks: RunRanks,
): Promise<RunOrigin> {
  let own: RunOrigin | undefined;
  const told = await ranks.fromLeader(async () => {
    own = await findOrigin(options);
    const { checkpoint, saved = null, resumes, changes } = own;
    return { state: checkpoint?.state ?? null, saved, resumes, changes };
  });
  if (own !== undefined) return own;
  const { state, saved, resumes, changes } = told;
  return {
    checkpoint: state === null ? undefined : { state },
    saved: saved ?? undefined,
    resumes,
    from: undefined,
    changes,
    passedOver: [],
  };
}
