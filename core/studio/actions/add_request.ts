/**
 * Requests that are put into the queue, where nothing is wrong with them.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import type { Job } from "../api/actions.ts";
import type { StudioContext } from "../studio_context.ts";
import { checkRequest } from "./check_request.ts";
import type { JobQueue } from "./job_queue.ts";

/**
 * Puts a request into the queue.
 *
 * @throws {GenviewTypeError} with all that is wrong with it
 */
export async function addRequest(
  body: unknown,
  context: StudioContext,
  queue: JobQueue,
): Promise<Job> {
  const checked = await checkRequest(body, context);
  if (checked.problems.length > 0) {
    const problems = checked.problems.map(({ text }) => text).join("; ");
    throw new GenviewTypeError(`Cannot start ${checked.request.task}: ${problems}`);
  }
  return await queue.add(checked);
}
