/**
 * The jobs of a studio on disk: `queue.json` in its own folder.
 *
 * @module
 */
import { ifThere } from "../../files/if_there.ts";
import { readJson } from "../../files/json.ts";
import { writeNewFile } from "../../files/new_file.ts";
import { validate } from "../../schema/validate.ts";
import type { Job } from "../api/actions.ts";
import { STUDIO_TASKS } from "./task_form.ts";

/** A job as it is kept: what it printed is in a file of its own. */
export type StoredJob = Omit<Job, "output">;

/** What is kept. */
export interface StoredQueue {
  /** Number of the next job. */
  readonly next: number;
  /** All jobs, the oldest first. */
  readonly jobs: readonly StoredJob[];
}

const COUNT = { type: "integer", minimum: 0 };
const TIME = { type: "number", minimum: 0 };
const TEXT = { type: "string" };

const SCHEMA = {
  type: "object",
  required: ["version", "next", "jobs"],
  properties: {
    version: { enum: [1] },
    next: COUNT,
    jobs: {
      type: "array",
      items: {
        type: "object",
        required: ["id", "task", "options", "state", "command", "device", "asked"],
        properties: {
          id: COUNT,
          task: { enum: STUDIO_TASKS },
          positional: { type: "array", items: TEXT },
          options: { type: "object" },
          state: { enum: ["waiting", "running", "finished", "stopped", "failed"] },
          command: TEXT,
          device: TEXT,
          run: TEXT,
          asked: TIME,
          started: TIME,
          ended: TIME,
          stopping: { type: "boolean" },
          reason: TEXT,
        },
      },
    },
  },
};

/**
 * Reads the jobs of a studio; none if it has had none.
 *
 * @throws {GenviewSyntaxError} if the file is not JSON
 * @throws {GenviewTypeError} if it is of another form
 */
export async function readJobs(path: string): Promise<StoredQueue> {
  const found = await ifThere(readJson(path));
  if (found === undefined) return { next: 1, jobs: [] };
  return validate<StoredQueue>(SCHEMA, found, `read ${path}`, "the queue");
}

/**
 * Writes the jobs of a studio.
 *
 * @throws {GenviewError} if the system refuses, such as on a full disk
 */
export async function writeJobs(path: string, { next, jobs }: StoredQueue): Promise<void> {
  const text = JSON.stringify({ version: 1, next, jobs }, null, 2) + "\n";
  await writeNewFile(path, text, { overwrite: true });
}
