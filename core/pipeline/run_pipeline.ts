/**
 * The whole pipeline: which stages are to be run, what they take, and the run.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { GenviewTypeError } from "../errors/mod.ts";
import { FolderLock } from "../files/folder_lock.ts";
import { removeTemporaries } from "../files/new_file.ts";
import { isSameValue } from "../schema/same_value.ts";
import { chooseStages, STAGE_NAMES, type StageName } from "./choose_stages.ts";
import { neededWeights } from "./network_names.ts";
import { openContext, type PipelineContext } from "./pipeline_context.ts";
import type { StageEstimate } from "./pipeline_event.ts";
import type { PipelineControl, PipelineOptions } from "./pipeline_options.ts";
import {
  askedOf,
  checkSettings,
  type PipelineRecord,
  readRecord,
  type RecordedStage,
  writeRecord,
} from "./pipeline_record.ts";
import { missingWeights, pullMissing } from "./published_weights.ts";
import type { Stage, StageSettings } from "./stage.ts";
import { evaluation } from "./stages/evaluation.ts";
import { features } from "./stages/features.ts";
import { levels } from "./stages/levels.ts";
import { pretraining } from "./stages/pretraining.ts";
import { ratios } from "./stages/ratios.ts";
import { report } from "./stages/report.ts";
import { variations } from "./stages/variations.ts";

/** How a run of the pipeline ended. */
export interface PipelineOutcome {
  /** Whether all stages that were chosen are done. */
  readonly finished: boolean;
  /** The stage that the signal has stopped; undefined if none was, or the run was not agreed to. */
  readonly stopped?: StageName;
  /** The page of the report, if one was asked for. */
  readonly page?: string;
}

const STAGES: Readonly<Record<StageName, Stage>> = {
  ...{ features, ratios, levels, variations, pretraining, evaluation, report },
};

/** A stage that is to be run, with what its files will depend on. */
interface PlannedStage {
  readonly stage: Stage;
  readonly settings: StageSettings;
}

/** Refuses stages that lack what they read. */
function checkNeeds(chosen: readonly StageName[], done: ReadonlySet<StageName>): void {
  for (const name of chosen) {
    const lacking = STAGES[name].needs.find((need) => !chosen.includes(need) && !done.has(need));
    if (lacking === undefined) continue;
    throw new GenviewTypeError(
      `Cannot run the stage ${name}: it needs ${lacking}, found them neither done nor chosen; choose ${lacking} too`,
    );
  }
}

/** Stages that are chosen and not done; those that are left out are reported. */
async function planStages(
  chosen: readonly StageName[],
  record: PipelineRecord,
  context: PipelineContext,
): Promise<PlannedStage[]> {
  const { control, options: { output } } = context;
  const planned: PlannedStage[] = [];
  for (const name of chosen) {
    const stage = STAGES[name];
    const settings = await stage.settings(context);
    const before = record[name];
    const isSame = before !== undefined && isSameValue(before.settings, settings);
    if (before !== undefined && !stage.isDerived) {
      checkSettings(output, name, before.settings, settings);
    }
    if (isSame && before.finished && await stage.isThere(context)) {
      control.report?.({
        kind: "left out",
        stage: name,
        reason: "done already, with the same settings",
      });
    } else planned.push({ stage, settings });
  }
  return planned;
}

/** Those of the stages that have something to do; the others are reported. */
async function withoutIdle(
  chosen: readonly StageName[],
  context: PipelineContext,
): Promise<StageName[]> {
  const busy: StageName[] = [];
  for (const name of chosen) {
    const reason = await STAGES[name].idle?.(context);
    if (reason === undefined) busy.push(name);
    else context.control.report?.({ kind: "left out", stage: name, reason });
  }
  return busy;
}

/** Measures the stages that take long, and reports how long they are going to take. */
async function estimate(
  planned: readonly PlannedStage[],
  context: PipelineContext,
): Promise<void> {
  const { control } = context;
  const stages: StageEstimate[] = [];
  for (const { stage } of planned) {
    if (stage.measure === undefined || control.signal?.aborted) continue;
    control.report?.({ kind: "measuring", stage: stage.name });
    stages.push(await stage.measure(context));
  }
  if (!control.signal?.aborted) control.report?.({ kind: "estimate", stages });
}

/** Runs a stage; one that fails before it has left anything leaves no trace in the record either. */
async function runStage(
  { stage, settings }: PlannedStage,
  record: Partial<Record<StageName, RecordedStage>>,
  context: PipelineContext,
): Promise<boolean> {
  const { options, control } = context;
  const { output } = options;
  const asked = askedOf(options);
  const { name } = stage;
  const before = record[name];
  record[name] = { settings, finished: false };
  await writeRecord(output, record, asked);
  control.report?.({ kind: "begin", stage: name });
  const began = performance.now();
  try {
    const { finished, found } = await stage.run(context);
    if (!finished) return false;
    record[name] = { settings, finished: true };
    await writeRecord(output, record, asked);
    const seconds = (performance.now() - began) / 1000;
    control.report?.({ kind: "end", stage: name, found, seconds });
    return true;
  } catch (error) {
    if (before === undefined && await isEmpty(context.folder(name))) {
      delete record[name];
      await writeRecord(output, record, asked);
    }
    throw error;
  }
}

/** Whether a folder has no files, or is not there. */
async function isEmpty(folder: string): Promise<boolean> {
  try {
    for await (const _ of Deno.readDir(folder)) return false;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return true;
}

/** Runs the stages that are asked for in a folder that is locked. */
async function runLocked(
  asked: readonly StageName[],
  options: PipelineOptions,
  control: PipelineControl,
): Promise<PipelineOutcome> {
  const record = { ...await readRecord(options.output) };
  const done = new Set(STAGE_NAMES.filter((name) => record[name]?.finished));
  checkNeeds(asked, done);
  const present = new Set([...asked, ...done]);
  const context = await openContext(options, control, present);
  for (const name of asked) STAGES[name].check?.(context);
  const chosen = await withoutIdle(asked, context);
  for (const name of asked) if (!chosen.includes(name) && !done.has(name)) present.delete(name);

  const missing = await missingWeights(neededWeights(context.names, chosen), control);
  if (missing.length > 0) {
    control.report?.({ kind: "downloads", downloads: missing.map(({ download }) => download) });
    if (await control.confirm?.("download") === false) return { finished: false };
    await pullMissing(missing, control);
  }
  const planned = await planStages(chosen, record, context);
  if (options.estimate !== false && planned.some(({ stage }) => stage.measure !== undefined)) {
    await estimate(planned, context);
    if (control.signal?.aborted) return { finished: false, stopped: planned[0]!.stage.name };
    if (await control.confirm?.("run") === false) return { finished: false };
  }
  for (const each of planned) {
    const isDone = control.signal?.aborted !== true && await runStage(each, record, context);
    if (!isDone) return { finished: false, stopped: each.stage.name };
  }
  const page = join(context.folder("report"), "index.html");
  return { finished: true, ...(chosen.includes("report") && { page }) };
}

/**
 * Runs the pipeline of GenView over a folder of images: features and masks, foreground ratios, noise levels, variations,
 * pretraining with generated pairs and weights by their quality, evaluation where there are labels, and a report. What
 * is done is not done again: the same call resumes where an earlier one was stopped or killed, within the stage too, and
 * ends with the same files. The output folder is locked meanwhile; `pipeline.json` in it says what its stages were run
 * with and what was last asked for, and a stage whose settings have changed since is refused.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bundledMethods } from "../../plugins/mod.ts";
 * import { withPipelineFixture } from "../../tests/core/pipeline/pipeline_fixture.ts";
 * import { runPipeline } from "./run_pipeline.ts";
 *
 * // Photos, a small network that finds the foreground, and a small generator; by default both are the embedded ones.
 * await withPipelineFixture(async ({ data, output, model }) => {
 *   const lines: string[] = [];
 *   const { finished } = await runPipeline({ data, output, model, until: "levels", estimate: false }, {
 *     methods: bundledMethods,
 *     report: (event) => void (event.kind === "end" && lines.push(event.stage)),
 *   });
 *   assertEquals([finished, lines], [true, ["features", "ratios", "levels"]]);
 * });
 * ```
 *
 * @throws {TypeError} if images, networks, method or configuration cannot be had, a stage lacks what it reads, or its
 * files were made with other settings
 * @throws {Deno.errors.AlreadyExists} if another process is at work in the output folder
 * @throws {GenviewError} if a hub does not answer, or the system refuses
 */
export async function runPipeline(
  options: PipelineOptions,
  control: PipelineControl,
): Promise<PipelineOutcome> {
  const asked = chooseStages(options);
  const { output } = options;
  const existed = existsSync(output);
  try {
    using _lock = await FolderLock.acquire(output);
    await removeTemporaries(output);
    return await runLocked(asked, options, control);
  } finally {
    // What was refused, or not agreed to, leaves no folder.
    if (!existed && await isEmpty(output)) await Deno.remove(output);
  }
}
