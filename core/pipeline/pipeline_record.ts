/**
 * What the stages of an output folder were run with: `pipeline.json` in it.
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

const STAGE = {
  type: "object",
  required: ["settings", "finished"],
  properties: { settings: { type: "object" }, finished: { type: "boolean" } },
};

const SCHEMA = {
  type: "object",
  required: ["version", "stages"],
  properties: {
    version: { enum: [1] },
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
  const found = await ifThere(readJson(pathIn(output)));
  if (found === undefined) return {};
  const what = `read ${pathIn(output)}`;
  return validate<{ readonly stages: PipelineRecord }>(SCHEMA, found, what, "the record").stages;
}

/** Writes what the stages of a folder were run with. */
export async function writeRecord(output: string, stages: PipelineRecord): Promise<void> {
  const text = JSON.stringify({ version: 1, stages }, null, 2) + "\n";
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
