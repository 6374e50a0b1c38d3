/**
 * What tasks can be given, as the program that serves the studio tells it: the very descriptions that command lines are
 * read by, so that form and command line cannot differ.
 *
 * @module
 */
import type { ObjectSchema } from "../../schema/schema.ts";
import type { StudioTask } from "../api/actions.ts";

/** What a task can be given. */
export interface TaskForm {
  /** What it does, in a sentence. */
  readonly summary: string;
  /** What stands beside the options, as its help shows it, such as `RUN FILE`; empty where nothing may. */
  readonly positional: string;
  /** Its options, but for those that only print. */
  readonly schema: ObjectSchema;
}

/** The form of each task. */
export type TaskForms = (task: StudioTask) => Promise<TaskForm>;

/** All tasks that the studio starts, by their names under `deno task`. */
export const STUDIO_TASKS: readonly StudioTask[] = [
  "train",
  "evaluate",
  "export",
  "extract-features",
  "fg-ratio",
  "noise-levels",
  "variations",
  "generator",
  "pipeline",
];
