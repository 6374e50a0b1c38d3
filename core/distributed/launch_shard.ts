/**
 * The share of a job of an array, whose processes do not talk to each other, from the environment variables of Slurm.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { readNumber, type ReadVariable } from "./launcher.ts";
import type { Shard } from "./shard.ts";

/** The share of a job of an array. */
export interface LaunchShard {
  /** The share. */
  readonly shard: Shard;
  /** Names of the variables that say so. */
  readonly variables: readonly string[];
}

/**
 * The share of this job of an array of Slurm's, whose numbers may begin anywhere and go on in steps. Undefined if there is
 * no array, or one of a single job. Processes of an MPI launcher share the job's share as a group.
 *
 * @throws {TypeError} if the array's numbers make no sense
 */
export function launchShard(read: ReadVariable): LaunchShard | undefined {
  const [id, count, min, step] = ["ID", "COUNT", "MIN", "STEP"].map((name) =>
    `SLURM_ARRAY_TASK_${name}`
  ) as [string, string, string, string];
  if (read(id) === undefined || read(count) === undefined) return undefined;
  const place = (readNumber(read, id) - readNumber(read, min, 0)) / readNumber(read, step, 1);
  const jobs = readNumber(read, count);
  if (!Number.isInteger(place) || place < 0 || place >= jobs) {
    throw new GenviewTypeError(
      `Cannot tell which of several jobs this is: the array's numbers must be evenly spaced, found ` +
        `${read(id)} of ${jobs} from ${read(min)}; name the shard instead`,
    );
  }
  return jobs > 1 ? { shard: { index: place, count: jobs }, variables: [id, count] } : undefined;
}
