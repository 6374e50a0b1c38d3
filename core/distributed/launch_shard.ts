/**
 * The rank of a process among several, from the environment variables of their launcher.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { parseShard, type Shard, subShard } from "./shard.ts";

/** Reads a variable of the environment. */
export type ReadVariable = (name: string) => string | undefined;

/** The share of a process that a launcher has started. */
export interface LaunchShard {
  /** The share. */
  /** Its share. */
  readonly shard: Shard;
  /** Names of the variables that say so. */
  readonly variables: readonly string[];
}

/** Variables by which launchers number their processes: Open MPI, MPICH and others by PMI, Slurm's `srun`. */
const RANKS = [
  ["OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"],
  ["PMI_RANK", "PMI_SIZE"],
  ["SLURM_PROCID", "SLURM_NTASKS"],
] as const;

/** Variables by which launchers number the processes of one machine. */
const LOCAL_RANKS = ["OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"] as const;

function readNumber(read: ReadVariable, name: string, fallback?: number): number {
  const text = read(name);
  if (text === undefined && fallback !== undefined) return fallback;
  if (text !== undefined && /^\d+$/.test(text)) return Number(text);
  throw new GenviewTypeError(
    `Cannot tell which of several processes this is: ${name} must be a whole number, found ${
      text === undefined ? "none" : `"${text}"`
    }`,
  );
}

/** Processes that talk to each other: a rank among as many. */
function rankShard(read: ReadVariable): LaunchShard | undefined {
  const names = RANKS.find(([rank]) => read(rank) !== undefined);
  if (names === undefined) return undefined;
  const [rank, size] = names;
  // Slurm's own shell has a number, but is not one of several.
  if (size === "SLURM_NTASKS" && read(size) === undefined) return undefined;
  const text = `${readNumber(read, rank)}/${readNumber(read, size)}`;
  return { shard: parseShard(text), variables: names };
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

/**
 * The local rank: which of a launcher's processes on its machine this is, from 0. Undefined if no launcher says.
 *
 * @throws {TypeError} if a launcher's variable makes no sense
 */
export function launchLocalRank(read: ReadVariable): number | undefined {
  const name = LOCAL_RANKS.find((local) => read(local) !== undefined);
  return name === undefined ? undefined : readNumber(read, name);
}
