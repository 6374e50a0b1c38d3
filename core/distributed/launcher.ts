/**
 * The program that has started this process among others, and the number that it gave it.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";

/** Reads a variable of the environment. */
export type ReadVariable = (name: string) => string | undefined;

/** Kinds of MPI that are supported. */
export type MpiKind = "openmpi" | "mpich";

/** A program that starts many processes, which then talk to each other by MPI. */
export interface Launcher {
  /** As messages call it. */
  readonly name: string;
  /** The kinds of MPI whose processes it starts; where it serves several, the likeliest first. */
  readonly starts: readonly MpiKind[];
  /** This process's number, in [0, size). */
  readonly rank: number;
  /** How many processes it has started; undefined if its variables do not say. */
  readonly size: number | undefined;
  /** Names of the variables that say so. */
  readonly variables: readonly string[];
}

interface Numbering {
  readonly name: string;
  readonly rank: string;
  readonly size?: string;
  /** A variable without which the numbers are another launcher's, or nobody's. */
  readonly mark?: string;
  /** The only kind that it starts. */
  readonly starts?: MpiKind;
}

/**
 * In this order: `mpirun` within a job of Slurm's starts its daemons by `srun`, whose numbers are not the ranks, and
 * `srun` can pass on numbers by PMI and PMIx as well.
 */
const NUMBERINGS: readonly Numbering[] = [
  {
    name: "Open MPI's mpirun",
    rank: "OMPI_COMM_WORLD_RANK",
    size: "OMPI_COMM_WORLD_SIZE",
    starts: "openmpi",
  },
  {
    name: "MPICH's mpirun",
    rank: "PMI_RANK",
    size: "PMI_SIZE",
    mark: "MPI_LOCALRANKID",
    starts: "mpich",
  },
  // A job's shell has a number too, but is no step with processes in it.
  {
    name: "srun",
    rank: "SLURM_PROCID",
    size: "SLURM_STEP_NUM_TASKS",
    mark: "SLURM_STEP_NUM_TASKS",
  },
  { name: "a launcher with PMI", rank: "PMI_RANK", size: "PMI_SIZE" },
  { name: "a launcher with PMIx", rank: "PMIX_RANK" },
];

/** Variables by which launchers number the processes of one machine: Open MPI's, MPICH's, Slurm's. */
const LOCAL_RANKS = ["OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"] as const;

/** Variables by which they count these processes. */
const LOCAL_SIZES = [
  "OMPI_COMM_WORLD_LOCAL_SIZE",
  "MPI_LOCALNRANKS",
  "SLURM_NTASKS_PER_NODE",
] as const;

/** Every variable that is read, for `--allow-env`. */
export const LAUNCHER_VARIABLES: readonly string[] = [
  ...NUMBERINGS.flatMap(({ rank, size }) => size === undefined ? [rank] : [rank, size]),
  ...LOCAL_RANKS,
  ...LOCAL_SIZES,
];

/**
 * A variable's whole number.
 *
 * @throws {TypeError} if it has another value, or is not set and has no fallback
 */
export function readNumber(read: ReadVariable, name: string, fallback?: number): number {
  const text = read(name);
  if (text === undefined && fallback !== undefined) return fallback;
  if (text !== undefined && /^\d+$/.test(text)) return Number(text);
  throw new GenviewTypeError(
    `Cannot tell which of several processes this is: ${name} must be a whole number, found ${
      text === undefined ? "none" : `"${text}"`
    }`,
  );
}

/**
 * The launcher of this process; undefined if it was started alone by hand or by a job's shell.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findLauncher } from "./launcher.ts";
 *
 * const variables: Record<string, string> = { PMI_RANK: "1", PMI_SIZE: "4", MPI_LOCALRANKID: "0" };
 * assertEquals(findLauncher((name) => variables[name])?.name, "MPICH's mpirun");
 * assertEquals(findLauncher(() => undefined), undefined);
 * ```
 *
 * @throws {TypeError} if a launcher's variables make no sense
 */
export function findLauncher(read: ReadVariable): Launcher | undefined {
  const found = NUMBERINGS.find(({ rank, mark = rank }) =>
    read(rank) !== undefined && read(mark) !== undefined
  );
  if (found === undefined) return undefined;
  const { name, rank, size, starts } = found;
  return {
    name,
    starts: starts !== undefined
      ? [starts]
      : read("PMIX_RANK") === undefined
      ? ["mpich", "openmpi"]
      : ["openmpi", "mpich"],
    rank: readNumber(read, rank),
    size: size === undefined ? undefined : readNumber(read, size),
    variables: size === undefined ? [rank] : [rank, size],
  };
}

/**
 * The local rank: which of a launcher's processes on its machine this is, from 0. Undefined if no launcher says.
 *
 * @throws {TypeError} if a launcher's variable makes no sense
 */
export function launchLocalRank(read: ReadVariable): number | undefined {
  return firstNumber(read, LOCAL_RANKS);
}

/**
 * The local size: how many of a launcher's processes are on this machine. Undefined if no launcher says.
 *
 * @throws {TypeError} if a launcher's variable makes no sense
 */
export function launchLocalSize(read: ReadVariable): number | undefined {
  return firstNumber(read, LOCAL_SIZES);
}

function firstNumber(read: ReadVariable, names: readonly string[]): number | undefined {
  const name = names.find((each) => read(each) !== undefined);
  return name === undefined ? undefined : readNumber(read, name);
}
