/**
 * Which jobs wait for which others.
 *
 * @module
 */
import type { ObjectSchema } from "../../schema/schema.ts";
import type { JobRequest } from "../api/actions.ts";
import type { StoredJob } from "./stored_jobs.ts";

/** What the device of a job is called that computes nothing. */
export const NO_DEVICE = "none";

/**
 * The device that a request asks for.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { deviceOf } from "./job_order.ts";
 *
 * const schema = { type: "object", properties: { device: { type: "string", default: "auto" } } } as const;
 * assertEquals(deviceOf({ task: "train", options: { device: "cuda" } }, schema), "cuda:0");
 * assertEquals(deviceOf({ task: "train", options: {} }, schema), "auto");
 * assertEquals(deviceOf({ task: "export", options: {} }, { type: "object", properties: {} }), "none");
 * ```
 *
 * @param schema the task's options
 */
export function deviceOf({ options }: JobRequest, { properties }: ObjectSchema): string {
  const schema = properties["device"];
  if (schema === undefined) return NO_DEVICE;
  const device = String(options["device"] ?? schema.default);
  return device === "cuda" ? "cuda:0" : device;
}

/** Tasks that write into the run that they name. */
const WRITING: readonly string[] = ["train", "generator", "pipeline"];

/** Whether a job writes into the run that it names, rather than about it. */
export function isWriter({ task, run }: StoredJob): boolean {
  return run !== undefined && WRITING.includes(task);
}

/** Whether two devices may be one; which one `auto` is, is only known when something runs on it. */
export function mayBeOne(a: string, b: string): boolean {
  if (a === NO_DEVICE || b === NO_DEVICE) return false;
  return a === b || a === "auto" || b === "auto";
}

/** Whether a job waits for another: they compute on one device, or write into one run. */
export function mustWait(job: StoredJob, other: StoredJob): boolean {
  const writeOneRun = job.run === other.run && isWriter(job) && isWriter(other);
  return writeOneRun || mayBeOne(job.device, other.device);
}
