/**
 * The formulations of a run's convolutions. They set the order of sums, so a run keeps its own.
 *
 * @module
 */
import { dirname, join, resolve } from "node:path";
import type { ConvProblem } from "../../engine/ops/convolution/problem.ts";
import type { ConvTuning } from "../../engine/ops/convolution/tuning.ts";
import { parseConvTuning } from "../../engine/ops/convolution/tuning_table.ts";
import type { Device, Placement } from "../../engine/ort/mod.ts";
import { autotune, deviceTuning } from "../step/conv_autotune.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import type { RunRanks } from "./run_ranks.ts";
import type { TrainOptions } from "./train_options.ts";

/** What a checkpoint keeps of the formulations. */
export interface RunTuning extends ConvTuning {
  /** The kind of device that they were chosen for. */
  readonly provider: Device["provider"];
}

/** The formulations that a run began with, if they compute the same here; `begun` is what its checkpoint keeps. */
function keptTuning(
  begun: unknown,
  { provider, channelBlock = 1 }: RunTuning,
): RunTuning | undefined {
  const before = begun as RunTuning | undefined;
  if (before?.provider !== provider) return undefined;
  // Blocks of another CPU's kernels hold other numbers of channels.
  const tuning = parseConvTuning(JSON.stringify(before));
  return tuning.channelBlock === channelBlock ? { ...tuning, provider } : undefined;
}

/**
 * Checks that all processes compute on the same kind of device, so that the first one's formulations suit all.
 *
 * @throws {TypeError} on all processes if they do not
 */
export async function checkSameKind(ranks: RunRanks, target: Placement): Promise<void> {
  if (ranks.group === undefined) return;
  const kindOf = ({ provider, channelBlock }: ConvTuning) =>
    channelBlock === undefined
      ? `${provider}`
      : `${provider} with ${channelBlock} channels in a block`;
  const kinds = await ranks.group.allGatherValues(kindOf(await deviceTuning(target)));
  const rank = kinds.findIndex((kind) => kind !== kinds[0]);
  if (rank === -1) return;
  throw new GenviewTypeError(
    `Cannot train on ${ranks.size} processes: all must compute on the same kind of device, found ${
      kinds[0]
    } on rank 0 ` +
      `and ${kinds[rank]} on rank ${rank}; choose machines of one kind`,
  );
}

/**
 * The formulations for a run. A resumed run keeps its own, unless it is on another kind of device; otherwise they are the
 * heuristic's, or the fastest if `autotune` is set. Timings are kept in the folder above the run's, for the next run.
 *
 * @param convolutions those of the graph
 * @param begun what the checkpoint keeps, if there is one
 */
export async function runTuning(
  { configuration, output, report }: TrainOptions,
  target: Placement,
  convolutions: readonly ConvProblem[],
  begun: unknown,
): Promise<RunTuning> {
  const { provider } = target.device;
  const known = { channelBlock: 1, choices: {}, ...await deviceTuning(target), provider };
  const kept = keptTuning(begun, known);
  if (kept !== undefined || !configuration.autotune) return kept ?? known;
  const cache = join(dirname(resolve(output)), "convolutions.json");
  const timed = await autotune(convolutions, target, cache, (done, total) => {
    report?.({ kind: "tuning", done, total });
  });
  return { ...timed, provider };
}
