/**
 * Probes and fine-tunings, which an evaluation trains below the folder of its run: `evaluations/NAME/checkpoints/`.
 *
 * @module
 */
import { join } from "node:path";
import { GenviewTypeError } from "../../errors/mod.ts";
import { checkpointStep } from "../../weights/checkpoint/state.ts";
import { readPlainJson } from "./plain_file.ts";
import { type DescribedRun, flatOptions, isEntries } from "./run_parts.ts";
import type { CandidateFolder } from "./walk_folders.ts";

/** Whether a folder is that of a training by an evaluation. */
export function isEvaluation({ path, folders }: CandidateFolder): boolean {
  return /(^|\/)evaluations\/[^/]+$/.test(path) && folders.has("checkpoints");
}

/** The folder of the newest checkpoint, of which one is kept; undefined before the first. */
export function newestCheckpoint(folder: string): string | undefined {
  const checkpoints = join(folder, "checkpoints");
  let newest: { readonly name: string; readonly step: number } | undefined;
  for (const { name, isDirectory } of Deno.readDirSync(checkpoints)) {
    const step = isDirectory ? checkpointStep(name) : undefined;
    if (step !== undefined && step > (newest?.step ?? -1)) newest = { name, step };
  }
  return newest && join(checkpoints, newest.name);
}

/**
 * What an evaluation trains.
 *
 * @param checkpoint folder of the newest checkpoint
 * @throws {GenviewSyntaxError} if its state is no JSON
 * @throws {GenviewTypeError} if its state is not that of such a training
 */
export function describeEvaluation(folder: string, checkpoint: string): DescribedRun | undefined {
  const path = join(checkpoint, "state.json");
  const state = readPlainJson(path);
  // Between its removal and the next.
  if (state === undefined) return undefined;
  const { method, step, epoch, configuration } = isEntries(state) ? state : {};
  const training = isEntries(configuration) ? configuration["classifierTraining"] : undefined;
  const { identity, losses } = isEntries(training) ? training : {};
  const isWhole = typeof method === "string" && Number.isSafeInteger(step) &&
    Number.isSafeInteger(epoch) && isEntries(identity) && Array.isArray(losses) &&
    losses.length < 100_000 && losses.every((loss) => typeof loss === "number");
  if (!isWhole) {
    throw new GenviewTypeError(
      `Cannot read ${path}: it must be the state of a probe or a fine-tuning`,
    );
  }
  const [steps, done] = [step as number, epoch as number];
  const perEpoch = done > 0 ? steps / done : 0;
  const epochs = Number.isSafeInteger(identity["epochs"])
    ? identity["epochs"] as number
    : undefined;
  return {
    kind: method.startsWith("linear") ? "probe" : "fine-tuning",
    parts: [{ prefix: "", folder, curve: { perEpoch, losses } }],
    configuration: identity,
    options: flatOptions({ protocol: method, ...identity }),
    changes: [],
    progress: {
      step: steps,
      epoch: done,
      ...(epochs !== undefined && perEpoch > 0 && { totalSteps: Math.round(epochs * perEpoch) }),
      metrics: losses.length > 0 ? { loss: losses.at(-1) as number } : {},
    },
  };
}
