/**
 * How far GenView's path has come in an output folder: what its record says, and what each stage has left so far.
 *
 * @module
 */
import { dirname } from "node:path";
import { STAGE_NAMES, type StageName } from "../../pipeline/choose_stages.ts";
import { type PipelineRecord, readRecord } from "../../pipeline/pipeline_record.ts";
import { isFolderHeld } from "../../files/folder_lock.ts";
import type { JobRequest, PathAnswer, PathStage } from "../api/actions.ts";
import { below, plainFile } from "../confined_files.ts";
import type { StudioContext } from "../studio_context.ts";
import { recordedOptions } from "./recorded_pipeline.ts";
import { rowIn, STAGE_FILES, type StageFiles } from "./stage_files.ts";

/** Stages that the files of a stage were made from. */
const MADE_FROM: Readonly<Record<StageName, readonly StageName[]>> = {
  features: [],
  ratios: ["features"],
  levels: ["ratios"],
  variations: ["levels"],
  pretraining: [],
  evaluation: ["pretraining"],
  report: [],
};

/** Stages that a report shows where they are done. */
const SHOWN: readonly StageName[] = [
  "features",
  "levels",
  "variations",
  "evaluation",
  "pretraining",
];

/** Whether what a stage was made from is no longer what it was. */
function isChanged(name: StageName, record: PipelineRecord): boolean {
  if (name === "report") {
    const shows = record.report?.settings["shows"];
    return SHOWN.some((stage) =>
      record[stage]?.finished && !(Array.isArray(shows) && shows.includes(stage))
    );
  }
  return MADE_FROM[name].some((before) => record[before]?.finished === false);
}

/** The stage that is under way where somebody is at work: the last that has begun and is not done. */
function presentStage(record: PipelineRecord): StageName | undefined {
  return STAGE_NAMES.findLast((name) => record[name]?.finished === false);
}

async function stageOf(
  name: StageName,
  record: PipelineRecord,
  present: StageName | undefined,
  files: StageFiles,
): Promise<PathStage> {
  const begun = record[name];
  if (begun === undefined) return { name, state: "waiting", progress: 0, found: "", pictures: [] };
  const { progress, found, pictures = [], page } = await STAGE_FILES[name](files);
  const isDone = begun.finished;
  return {
    name,
    state: isDone
      ? isChanged(name, record) ? "changed" : "done"
      : name === present
      ? "running"
      : "waiting",
    progress: isDone ? 1 : Math.min(1, Math.max(0, progress)),
    found: isDone ? found : "",
    pictures,
    ...(page !== undefined && { page }),
  };
}

/** What the run of a pipeline says of the options of its call, where nothing else does. */
async function optionsOfRun(files: StageFiles): Promise<JobRequest["options"]> {
  const data = (await rowIn(files))?.options["data"];
  return typeof data === "string" ? { data } : {};
}

/**
 * How far GenView's path has come in an output folder, which need not be there yet.
 *
 * @param output path below the root
 * @param asked options of what the queue was last asked to run there, where it was
 * @throws {GenviewTypeError} if it is no path below the root, its record is of another form, or a file of it is a link out of
 * the root, or a pipe
 */
export async function pathAnswer(
  output: string,
  asked: JobRequest["options"] | undefined,
  context: StudioContext,
): Promise<PathAnswer> {
  const folder = await context.resolveNew(output);
  const recorded = await plainFile(context, below(output, "pipeline.json"));
  const record = recorded === undefined ? {} : await readRecord(dirname(recorded));
  const present = isFolderHeld(folder) ? presentStage(record) : undefined;
  const files: StageFiles = { output, record, context };
  const stages = await Promise.all(
    STAGE_NAMES.map((name) => stageOf(name, record, present, files)),
  );
  const known = recorded === undefined ? asked : await recordedOptions(output, context) ?? asked;
  const { output: _output, only: _only, until: _until, ...options } = known ??
    await optionsOfRun(files);
  const { data } = options as Readonly<Record<string, unknown>>;
  return { output, data: typeof data === "string" ? data : "", options, stages };
}
