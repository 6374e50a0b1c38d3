/**
 * Tasks whose processes work together.
 *
 * @module
 */
import { inProcessGroup, type ProcessGroup } from "../../core/distributed/mod.ts";
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
