/**
 * Joining the processes of a launcher.
 *
 * @module
 */
import { GenviewError, GenviewTypeError, isGenviewError } from "../errors/mod.ts";
import { outInt, outWord } from "../engine/ort/c_values.ts";
import { findLauncher, type Launcher, type ReadVariable } from "./launcher.ts";
import { askMpi, callMpi } from "./mpi_communicator.ts";
import { type LocalPlace, MpiGroup } from "./mpi_group.ts";
import {
  addressOf,
  loadMpi,
  MPI_KINDS,
  MPI_LIBRARY_VARIABLE,
  type MpiLibrary,
} from "./mpi_library.ts";
import { THREAD_MULTIPLE } from "./mpi_signatures.ts";
import type { ProcessGroup } from "./process_group.ts";

/** Options of {@linkcode openProcessGroup}. */
export interface ProcessGroupOptions {
  /** The library of MPI, instead of the one that `GENVIEW_MPI_LIBRARY` names or that suits the launcher. */
  readonly library?: string;
  /** Reads the environment; `Deno.env.get` if left out. */
  readonly read?: ReadVariable;
  /** Most elements of one message of MPI, 2^31 - 1 if left out: longer ones are cut. */
  readonly longestMessage?: number;
}

/** Options of {@linkcode inProcessGroup}. */
export interface GroupWorkOptions extends ProcessGroupOptions {
  /** The text of an error that ends all ranks; if left out its message, and the stack of one that is a bug. */
  readonly describe?: (error: unknown) => string;
}

const LONGEST_MESSAGE = 2 ** 31 - 1;

/** Open MPI's launcher gives ranks a second between the signal that they may heed and the one that ends them. */
const FIRST_MILLISECONDS = 2000;

let opened: Promise<ProcessGroup | undefined> | undefined;

/**
 * Joins the processes that a launcher has started together: `mpirun` of Open MPI or MPICH, or `srun`. MPI is initialised
 * by the first call; later calls return the same group.
 *
 * Whoever opens a group must end it: {@linkcode ProcessGroup.finalize} after success, {@linkcode ProcessGroup.abort} after
 * an error. {@linkcode inProcessGroup} does so.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openProcessGroup } from "./open_process_group.ts";
 *
 * // Started alone, as by `deno task train`, there is none.
 * const group = await openProcessGroup({ read: () => undefined });
 * assertEquals(group?.size ?? 1, 1);
 * ```
 *
 * @returns the group, with all ranks in it; undefined if this process was started alone
 * @throws {TypeError} if a launcher has started it, but the library of its MPI is not there or of another kind
 * @throws {GenviewError} if MPI fails
 * @throws {Deno.errors.NotCapable} without `--allow-env` of the launchers' variables, or, if there is a launcher, without
 * `--allow-ffi`
 */
export function openProcessGroup(
  options: ProcessGroupOptions = {},
): Promise<ProcessGroup | undefined> {
  const { read = (name) => Deno.env.get(name) } = options;
  const launcher = findLauncher(read);
  if (launcher === undefined || launcher.size === 1) return Promise.resolve(undefined);
  return opened ??= join(launcher, options, read);
}

/**
 * Does work in the group of this process's launcher, and ends the group as the work has ended: after success it waits for
 * all ranks and finalises MPI; after an error it writes that to standard error, with the rank before it, and ends all
 * ranks, which would wait for this one for ever. Ranks other than the first wait two seconds before: an error that all of
 * them meet is said once.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { inProcessGroup } from "./open_process_group.ts";
 *
 * const losses = Float32Array.of(0.5);
 * await inProcessGroup(async (group) => {
 *   await group?.allReduce(losses, "mean");
 * });
 * assertEquals(losses[0], 0.5);
 * ```
 *
 * @param work takes the group, or undefined if this process was started alone: then its errors are thrown
 * @returns what the work returns
 * @throws as {@linkcode openProcessGroup} does
 */
export async function inProcessGroup<T>(
  work: (group: ProcessGroup | undefined) => Promise<T>,
  { describe = describeError, ...options }: GroupWorkOptions = {},
): Promise<T> {
  const group = await openProcessGroup(options);
  if (group === undefined) return await work(undefined);
  let result: T;
  try {
    result = await work(group);
  } catch (error) {
    const message = describe(error);
    if (group.rank > 0) leaveToFirst();
    return group.abort(message);
  }
  await group.finalize();
  return result;
}

/** Waits so long that the first rank, should it have met the same error, has said it and ended this one. */
function leaveToFirst(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FIRST_MILLISECONDS);
}

/** An error's message, and the stack of one that is a bug. */
function describeError(error: unknown): string {
  if (isGenviewError(error)) return error.message;
  return error instanceof Error ? error.stack ?? String(error) : String(error);
}

async function join(
  launcher: Launcher,
  { library, longestMessage = LONGEST_MESSAGE }: ProcessGroupOptions,
  read: ReadVariable,
): Promise<ProcessGroup> {
  const mpi = loadMpi(launcher, library ?? read(MPI_LIBRARY_VARIABLE));
  initialize(mpi);
  const size = askMpi(mpi, "MPI_Comm_size", mpi.constants.world);
  if (launcher.size !== undefined && size !== launcher.size) {
    // Each process is alone in its own MPI, so that none waits for another here.
    callMpi(mpi, "MPI_Finalize");
    throw wrongLibrary(launcher, mpi, size);
  }
  const group = new MpiGroup(mpi, localPlace(mpi), longestMessage);
  await group.barrier();
  return group;
}

function initialize(mpi: MpiLibrary): void {
  const initialized = outInt();
  callMpi(mpi, "MPI_Initialized", addressOf(initialized));
  if (initialized[0] !== 0) {
    throw new GenviewTypeError(
      "Cannot open a process group: MPI is initialised once in a process, found it initialised by " +
        "another thread or library",
    );
  }
  const level = outInt();
  callMpi(mpi, "MPI_Init_thread", 0n, 0n, THREAD_MULTIPLE, addressOf(level));
  callMpi(mpi, "MPI_Comm_set_errhandler", mpi.constants.world, mpi.constants.errorsReturn);
  if (level[0]! < THREAD_MULTIPLE) {
    callMpi(mpi, "MPI_Finalize");
    throw new GenviewError(
      `Cannot open a process group: ${mpi.version} of ${mpi.path} must be built for calls from many ` +
        `threads (MPI_THREAD_MULTIPLE), found level ${level[0]}; name another build in ` +
        MPI_LIBRARY_VARIABLE,
    );
  }
}

/** The place among the processes that share this machine's memory. */
function localPlace(mpi: MpiLibrary): LocalPlace {
  const { world, sharedMemory, noInfo } = mpi.constants;
  const word = outWord();
  callMpi(mpi, "MPI_Comm_split_type", world, sharedMemory, 0, noInfo, addressOf(word));
  const local = mpi.handleIn(word);
  const place = {
    localRank: askMpi(mpi, "MPI_Comm_rank", local),
    localSize: askMpi(mpi, "MPI_Comm_size", local),
  };
  callMpi(mpi, "MPI_Comm_free", addressOf(word));
  return place;
}

function wrongLibrary(launcher: Launcher, mpi: MpiLibrary, size: number): GenviewTypeError {
  const { name, starts, variables } = launcher;
  const others = starts.filter((kind) => kind !== mpi.kind).map((kind) => MPI_KINDS[kind]);
  const loads = others.map((kind) =>
    `load ${kind.name} (Debian, Ubuntu: apt-get install ${kind.packages}; ${MPI_LIBRARY_VARIABLE}=${
      kind.libraries[0]
    })`
  );
  const start = name === "srun"
    ? "start them by srun --mpi=pmix for Open MPI or --mpi=pmi2 for MPICH"
    : `start them by the mpirun of ${MPI_KINDS[mpi.kind].name}`;
  // Where the launcher serves both kinds, the likelier fault is how it was called.
  const remedies = starts.length > 1 ? [start, ...loads] : [...loads, start];
  return new GenviewTypeError(
    `Cannot join the ${launcher.size} processes of ${name} (${
      variables.join(", ")
    }): MPI must find as ` +
      `many, found ${size} by ${mpi.version} from ${mpi.path}; ${remedies.join(", or ")}`,
  );
}
