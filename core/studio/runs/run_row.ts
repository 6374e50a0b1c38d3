/**
 * Rows of the table of runs.
 *
 * @module
 */
import { join } from "node:path";
import { RESULTS_FILE } from "../../evaluate/results.ts";
import type { RunRow, RunState } from "../api/runs.ts";
import { MESSAGES_FILE } from "../../train/log/run_log.ts";
import { START_FILE } from "../../train/mod.ts";
import { DerivedColumns } from "./derived_columns.ts";
import { readFigures } from "./evaluation_figures.ts";
import { readStart } from "./expectations.ts";
import { lastRecord } from "./last_record.ts";
import { readMessages } from "./messages.ts";
import { fileState } from "./plain_file.ts";
import type { DescribedRun, RunPart } from "./run_parts.ts";

/** What a part of a run has come to. */
interface PartProgress {
  readonly step: number;
  readonly epoch: number;
  readonly stepsPerEpoch: number | undefined;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A run's folder as it was looked at. */
export interface LookedAt {
  /** Its folder, absolute. */
  readonly folder: string;
  /** Names of all that is in it: what is not there is not asked for. */
  readonly names: ReadonlySet<string>;
  /** Time of the last change of its files, in milliseconds since 1970. */
  readonly changed: number;
  /** Whether a process holds it. */
  readonly isHeld: boolean;
  /** Words that the user gave it. */
  readonly tags: readonly string[];
}

/** Files in a run's folder by which it changes, beside the logs of its parts. */
const WATCHED: readonly string[] = [
  "configuration.json",
  "pipeline.json",
  RESULTS_FILE,
  MESSAGES_FILE,
  START_FILE,
];

const LOGS: readonly string[] = ["steps.jsonl", "epochs.jsonl"];

/** When and how far a run's files were written, in a text that changes with them, and the time of the last change. */
export function stateOfFiles(
  folder: string,
  { names }: Pick<LookedAt, "names">,
  { parts }: DescribedRun,
): { readonly mark: string; readonly changed: number } {
  let changed = 0;
  let mark = "";
  function look(path: string): void {
    const state = fileState(path);
    mark += state === undefined ? "-;" : `${state.size}@${state.changed};`;
    changed = Math.max(changed, state?.changed ?? 0);
  }
  for (const name of WATCHED) if (names.has(name)) look(join(folder, name));
  for (const part of parts) {
    for (const name of LOGS) {
      if (part.folder !== folder || names.has(name)) look(join(part.folder, name));
    }
  }
  return { mark, changed };
}

function progressOf({ folder, prefix, batchSize }: RunPart, looked: LookedAt): PartProgress {
  const last = (name: string) =>
    folder !== looked.folder || looked.names.has(name) ? lastRecord(join(folder, name)) : undefined;
  const { step = 0, ...steps } = last("steps.jsonl") ?? {};
  const { step: atEpoch = 0, epoch = 0, ...epochs } = last("epochs.jsonl") ?? {};
  const derived = [
    new DerivedColumns("epochs", undefined).ofRecord(epochs),
    new DerivedColumns("steps", batchSize).ofRecord(steps),
  ];
  const named = Object.entries(
    Object.assign({}, epochs, steps, ...derived) as Record<string, number>,
  ).filter(([name, value]) => name !== "epoch" && Number.isFinite(value)).map((
    [name, value],
  ) => [`${prefix}${name}`, value]);
  return {
    step: Math.max(step, atEpoch),
    epoch,
    stepsPerEpoch: epoch > 0 && atEpoch % epoch === 0 ? atEpoch / epoch : undefined,
    metrics: Object.fromEntries(named),
  };
}

/** Whether the last that a run's program said is why it ended. */
function hasFailed({ folder, names }: LookedAt): boolean {
  return names.has(MESSAGES_FILE) && readMessages(folder).at(-1)?.kind === "error";
}

function stateOf(
  looked: LookedAt,
  { step, total }: { readonly step: number; readonly total: number | undefined },
): RunState {
  if (looked.isHeld) return "running";
  if (total !== undefined && step >= total) return "finished";
  return hasFailed(looked) ? "failed" : "stopped";
}

/** Steps of all parts; undefined where those of one are not known. */
function totalSteps(
  { parts, epochs, stages, method }: DescribedRun,
  { folder, names }: LookedAt,
  progress: readonly PartProgress[],
): number | undefined {
  if (stages !== undefined) return stages.total;
  const isKept = method !== undefined && names.has(START_FILE);
  const known = isKept ? readStart(folder)?.totalSteps : undefined;
  if (known !== undefined) return known;
  let total = 0;
  for (const [i, { steps }] of parts.entries()) {
    const perEpoch = progress[i]!.stepsPerEpoch;
    const known = steps ??
      (epochs !== undefined && perEpoch !== undefined ? epochs * perEpoch : undefined);
    if (known === undefined) return undefined;
    total += known;
  }
  return total;
}

/** How far a run has come, by the logs of its parts. */
function progressInLogs(
  looked: LookedAt,
  described: DescribedRun,
): Pick<RunRow, "step" | "epoch" | "metrics"> & { readonly totalSteps: number | undefined } {
  const progress = described.parts.map((part) => progressOf(part, looked));
  const sum = (value: (part: PartProgress) => number) =>
    progress.reduce((total, part) => total + value(part), 0);
  return {
    step: described.stages?.done ?? sum((part) => part.step),
    epoch: sum((part) => part.epoch),
    totalSteps: totalSteps(described, looked, progress),
    metrics: Object.assign({}, ...progress.map((part) => part.metrics)),
  };
}

/**
 * The row of a run.
 *
 * @param run its path below the root
 * @throws {GenviewTypeError} if one of its files is no plain one
 * @throws {GenviewSyntaxError} if its results are no JSON
 */
export function rowOf(
  run: string,
  described: DescribedRun,
  looked: LookedAt,
): RunRow {
  const { folder, changed, tags } = looked;
  const { step, epoch, totalSteps: total, metrics } = described.progress ??
    progressInLogs(looked, described);
  const found = looked.names.has(RESULTS_FILE) ? readFigures(folder) : [];
  const figures = Object.fromEntries(found.map(({ name, value }) => [name, value]));
  const stats = Deno.lstatSync(folder);
  const started = (stats.birthtime ?? stats.mtime)?.getTime() ?? changed;
  return {
    run,
    kind: described.kind,
    state: stateOf(looked, { step, total }),
    step,
    ...(total !== undefined && { totalSteps: total }),
    epoch,
    changed,
    started,
    tags,
    options: described.options,
    metrics: { ...metrics, ...figures },
  };
}
