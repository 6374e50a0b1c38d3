/**
 * The description and logs of a run, read from its folder.
 *
 * @module
 */
import { join } from "node:path";
import { type LogRecord, readJsonLines } from "../../files/json_lines.ts";
import { readDescription, type RunDescription } from "../run/run_description.ts";

/** The description and logs of a run. */
export interface RunLogs {
  /** Method and configuration. */
  readonly description: RunDescription;
  /** A record for each step. */
  readonly steps: readonly LogRecord[];
  /** A record for each epoch; epoch 0 is before the first. */
  readonly epochs: readonly LogRecord[];
}

/**
 * Reads the description and logs of a run, which may still be training.
 *
 * @param folder the run's
 * @throws {Deno.errors.NotFound} if the folder holds no run
 * @throws {SyntaxError} if a file is damaged
 */
export async function readRunLogs(folder: string): Promise<RunLogs> {
  return {
    description: await readDescription(folder),
    steps: await readJsonLines(join(folder, "steps.jsonl")),
    epochs: await readJsonLines(join(folder, "epochs.jsonl")),
  };
}
