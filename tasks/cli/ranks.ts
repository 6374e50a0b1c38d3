/**
 * Tasks under a launcher: those whose processes work together, and those of one process.
 *
 * @module
 */
import { findLauncher, inProcessGroup, type ProcessGroup } from "../../core/distributed/mod.ts";
import { GenviewTypeError } from "../../core/errors/mod.ts";
import { rankErrorText } from "./error_text.ts";

/**
 * Does a task's work, alone or as one of the processes that a launcher has started. Alone its errors are thrown; one of
 * several processes says what ended it as a task does, behind its rank, and ends all.
 *
 * @param work takes the group, undefined if this process was started alone
 */
export function inRanks<T>(work: (group: ProcessGroup | undefined) => Promise<T>): Promise<T> {
  return inProcessGroup(work, { describe: rankErrorText });
}

/**
 * Refuses to be one of several processes, each of which would do the whole of a task's work.
 *
 * @param task its name under `deno task`
 * @throws {TypeError} if a launcher has started several
 */
export function refuseRanks(task: string): void {
  const launcher = findLauncher((name) => Deno.env.get(name));
  if (launcher === undefined || launcher.size === 1) return;
  throw new GenviewTypeError(
    `Cannot run "deno task ${task}": its work is one process's, found ${
      launcher.size ?? "several"
    } that ${launcher.name} has started; start it alone`,
  );
}
