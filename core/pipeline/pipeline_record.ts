/**
 * What the stages of an output folder were run with, and what was last asked for: `pipeline.json` in it.
 *
 * @module
 */
import { join } from "node:path";
import { GenviewTypeError } from "../errors/mod.ts";
import { ifThere } from "../files/if_there.ts";
import { readJson } from "../files/json.ts";
import { writeNewFile } from "../files/new_file.ts";
import { optionName } from "../schema/option_name.ts";
import { isSameValue } from "../schema/same_value.ts";
import { validate } from "../schema/validate.ts";
import { STAGE_NAMES, type StageName } from "./choose_stages.ts";
import type { PipelineOptions } from "./pipeline_options.ts";
import type { StageSettings } from "./stage.ts";

/** What is known of a stage that has begun. */
export interface RecordedStage {
  /** What its files depend on. */
  readonly settings: StageSettings;
  /** Whether it is done. */
  readonly finished: boolean;
}

/** The stages of an output folder that have begun. */
export type PipelineRecord = Readonly<Partial<Record<StageName, RecordedStage>>>;

/** What the last call that ran a stage was given, by which programs go on with it. */
export interface AskedPipeline {
  /** Folder that relative paths among the options are of. */
  readonly folder: string;
  /** The options, but for the output folder. */
  readonly options: Omit<PipelineOptions, "output">;
}

const STAGE = {
  type: "object",
  required: ["settings", "finished"],
  properties: { settings: { type: "object" }, finished: { type: "boolean" } },
};

const ASKED = {
  type: "object",
  required: ["folder", "options"],
  properties: {
    folder: { type: "string" },
    options: {
      type: "object",
      required: ["data"],
      properties: {
        data: { type: "string" },
        configuration: { type: "object" },
        schedule: { type: "object" },
      },
    },
  },
} as const;

const SCHEMA = {
  type: "object",
  required: ["version", "stages"],
  properties: {
    version: { enum: [1] },
    asked: ASKED,
    stages: {
      type: "object",
      additionalProperties: false,
      properties: Object.fromEntries(STAGE_NAMES.map((name) => [name, STAGE])),
    },
  },
} as const;

function pathIn(output: string): string {
  return join(output, "pipeline.json");
}

/**
 * Reads what the stages of a folder were run with; nothing if it has none.
 *
 * @throws {SyntaxError} if the file is not JSON
 * @throws {TypeError} if it is of another form
 */
export async function readRecord(output: string): Promise<PipelineRecord> {
  return (await read(output))?.stages ?? {};
}

/**
 * Reads what was last asked for in a folder; undefined if it holds no pipeline, or one of before this was kept.
 *
 * @throws {SyntaxError} if the file is not JSON
 * @throws {TypeError} if it is of another form
 */
export async function readAsked(output: string): Promise<AskedPipeline | undefined> {
  return (await read(output))?.asked;
}

interface RecordFile {
  readonly stages: PipelineRecord;
  readonly asked?: AskedPipeline;
}

async function read(output: string): Promise<RecordFile | undefined> {
  const found = await ifThere(readJson(pathIn(output)));
  if (found === undefined) return undefined;
  return validate<RecordFile>(SCHEMA, found, `read ${pathIn(output)}`, "the record");
}

/** What is kept of the options of a call. */
export function askedOf({ output: _output, ...options }: PipelineOptions): AskedPipeline {
  return { folder: Deno.cwd(), options };
}

/** Writes what the stages of a folder were run with, and what was asked for. */
export async function writeRecord(
  output: string,
  stages: PipelineRecord,
  asked?: AskedPipeline,
): Promise<void> {
  const text = JSON.stringify({ version: 1, asked, stages }, null, 2) + "\n";
  await writeNewFile(pathIn(output), text, { overwrite: true });
}

/** What differs between settings, setting by setting. */
function differencesOf(there: StageSettings, asked: StageSettings): string[] {
  const names = [...new Set([...Object.keys(there), ...Object.keys(asked)])];
  return names.filter((name) => !isSameValue(there[name], asked[name])).map((name) => {
    const [before, now] = [there[name], asked[name]].map((value) => JSON.stringify(value));
    return `${optionName(name).slice(2)} was ${before}, found ${now}`;
  });
}

/**
 * Refuses a stage whose files were made with other settings: all that follows was made from them.
 *
 * @throws {TypeError} naming all that differs
 */
export function checkSettings(
  output: string,
  stage: StageName,
  there: StageSettings,
  asked: StageSettings,
): void {
  const differences = differencesOf(there, asked);
  if (differences.length === 0) return;
  throw new GenviewTypeError(
    `Cannot go on in ${output}: its ${stage} and what follows from them must keep their settings: ${
      differences.join("; ")
    }; give the former ones, or another --output`,
  );
}
