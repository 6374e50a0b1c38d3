/**
 * The share of a process among several, from the environment variables of what has started it.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { findLauncher, readNumber, type ReadVariable } from "./launcher.ts";
import { parseShard, type Shard, subShard } from "./shard.ts";

/** The share of a process that a launcher has started. */
export interface LaunchShard {
  /** The share. */
  readonly shard: Shard;
  /** Names of the variables that say so. */
  readonly variables: readonly string[];
}

/** Processes that talk to each other: a rank among as many. */
function rankShard(read: ReadVariable): LaunchShard | undefined {
  const launcher = findLauncher(read);
  if (launcher?.size === undefined) return undefined;
  const { rank, size, variables } = launcher;
  return { shard: parseShard(`${rank}/${size}`), variables };
}

/** Jobs of an array, whose numbers may begin anywhere and go on in steps. */
function arrayShard(read: ReadVariable): LaunchShard | undefined {
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
  return { shard: { index: place, count: jobs }, variables: [id, count] };
}

/**
 * The share of this process: its rank among those of an MPI launcher or of `srun`, within its job of an array of Slurm's.
 * Undefined if no launcher has started it, or has started it alone.
 *
 * @throws {TypeError} if a launcher's variables make no sense
 */
export function launchShard(read: ReadVariable): LaunchShard | undefined {
  const found = [arrayShard(read), rankShard(read)].filter((launch) => launch !== undefined)
    .filter(({ shard }) => shard.count > 1);
  const [outer, inner] = found;
  if (outer === undefined || inner === undefined) return outer;
  return {
    shard: subShard(outer.shard, inner.shard),
    variables: [...outer.variables, ...inner.variables],
  };
}
