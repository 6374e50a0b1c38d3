/**
 * Starting the processes of a group on this machine, by `mpirun`.
 *
 * @module
 */
import { GenviewError, GenviewTypeError } from "../errors/mod.ts";
import { findLauncher, type MpiKind, type ReadVariable } from "./launcher.ts";
import { MPI_KINDS } from "./mpi_library.ts";
import { programArguments } from "./program_arguments.ts";

/** Which processes are started. */
export interface RanksOptions {
  /** How many. */
  readonly ranks: number;
  /** Their program. */
  readonly program: URL;
  /** Flags of Deno that it is run with, such as `--allow-ffi`. */
  readonly permissions: readonly string[];
  /** Its arguments. */
  readonly args: readonly string[];
  /** Variables of the environment besides this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Processes that were started together. */
export interface StartedRanks {
  /** The exit code once all have ended: 0, or that of one that has failed. */
  readonly code: Promise<number>;
  /** Tells all of them to end when they can: a training saves first. */
  stop(): void;
  /** Ends all of them within seconds, whatever they are at. */
  end(): void;
}

/** Environment variables with which Deno starts nothing unless it may start everything. */
const LOADER_VARIABLE = /^(LD|DYLD)_/;

interface KindOptions {
  /** What its version says. */
  readonly mark: RegExp;
  /** The options by which all ranks are on this machine, and not bound to cores: they share out those by threads. */
  readonly options: (ranks: number) => readonly string[];
  /** The options that give every rank a variable. */
  readonly variable: (name: string, value: string) => readonly string[];
  /** What is in the launcher's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** What the launcher hands on to every rank, and no more than that. */
  readonly stop: Deno.Signal;
}

const KINDS: Readonly<Record<MpiKind, KindOptions>> = {
  openmpi: {
    mark: /Open ?(MPI|RTE)|PRRTE/i,
    // As many slots as ranks, however many cores there are. Its banners would hide what the ranks have said.
    options: (ranks) => ["--quiet", "--host", `localhost:${ranks}`, "--bind-to", "none"],
    variable: (name, value) => ["-x", `${name}=${value}`],
    environment: {
      // Who has started this process as root has decided on that.
      OMPI_ALLOW_RUN_AS_ROOT: "1",
      OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
      // A rank that waits leaves its core to those that compute, of which there may be more than cores.
      OMPI_MCA_mpi_yield_when_idle: "1",
    },
    // By SIGINT and SIGTERM it kills all ranks a second later; and SIGUSR1 makes Deno open a port for debuggers.
    stop: "SIGUSR2",
  },
  mpich: {
    mark: /HYDRA/i,
    options: () => ["-hosts", "localhost"],
    variable: (name, value) => ["-genv", name, value],
    environment: {},
    stop: "SIGTERM",
  },
};

/**
 * Whether some processes are yet to be started: not if one process is all, or if a launcher has started as many, of which this
 * is one.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { mustStartRanks } from "./start_ranks.ts";
 *
 * assertEquals(mustStartRanks(4, () => undefined), true);
 * const variables: Record<string, string> = { PMI_RANK: "1", PMI_SIZE: "4", MPI_LOCALRANKID: "1" };
 * assertEquals(mustStartRanks(4, (name) => variables[name]), false);
 * ```
 *
 * @param workers how many, this one alone if 0
 * @throws {TypeError} if a launcher has started another number of processes
 */
export function mustStartRanks(workers: number, read: ReadVariable): boolean {
  const launcher = workers > 0 ? findLauncher(read) : undefined;
  const size = launcher === undefined ? 1 : launcher.size;
  if (launcher === undefined || size === 1) return workers > 1;
  if (size === undefined || size === workers) return false;
  throw new GenviewTypeError(
    `Cannot start ${workers} processes: --workers is for those of one machine that nothing else has started, found ` +
      `${size} that ${launcher.name} has started; leave it out`,
  );
}

/** This process's environment, and apart what Deno hands to no process that it may start by name alone. */
function ownEnvironment(): readonly [own: Record<string, string>, loaders: [string, string][]] {
  const all = Object.entries(Deno.env.toObject());
  const loaders = all.filter(([name]) => LOADER_VARIABLE.test(name));
  return [Object.fromEntries(all.filter(([name]) => !LOADER_VARIABLE.test(name))), loaders];
}

/** What to install where there is no launcher. */
function installation(): string {
  return Object.values(MPI_KINDS)
    .map(({ name, packages }) => `${name} (Debian, Ubuntu: apt-get install ${packages})`)
    .join(" or ");
}

/** The kind of the launcher. */
async function kindOf(ranks: number, env: Record<string, string>): Promise<MpiKind> {
  try {
    const { stdout, stderr } = await new Deno.Command("mpirun", {
      args: ["--version"],
      ...{ clearEnv: true, env },
    }).output();
    const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n").trim();
    const kind = (["openmpi", "mpich"] as const).find((each) => KINDS[each].mark.test(text));
    if (kind !== undefined) return kind;
    throw new GenviewTypeError(
      `Cannot start ${ranks} processes: mpirun must be Open MPI's or MPICH's, found "${
        text.split("\n")[0]
      }"; install ${installation()} and put it first in PATH`,
    );
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new GenviewError(
      `Cannot start ${ranks} processes: they are started by mpirun, found none in PATH; install ${installation()}`,
    );
  }
}

/**
 * Starts processes on this machine that find each other by MPI, as `mpirun -np N` does; what they print appears as this
 * process's own. They are in a process group of their own, so that a Ctrl-C of the terminal reaches this process alone, which
 * may then {@linkcode StartedRanks.stop} them.
 *
 * @throws {GenviewError} if there is no `mpirun`
 * @throws {TypeError} if it is neither Open MPI's nor MPICH's
 * @throws {Deno.errors.NotCapable} without `--allow-run=mpirun` and `--allow-env`
 */
export async function startRanks(
  { ranks, program, permissions, args, environment = {} }: RanksOptions,
): Promise<StartedRanks> {
  const [own, loaders] = ownEnvironment();
  const kind = KINDS[await kindOf(ranks, own)];
  const launcher = new Deno.Command("mpirun", {
    args: [
      ...kind.options(ranks),
      // Given as values, not by name: the launcher itself runs without these.
      ...loaders.flatMap(([name, value]) => kind.variable(name, value)),
      ...["-np", `${ranks}`, Deno.execPath(), ...programArguments(program, permissions), ...args],
    ],
    clearEnv: true,
    env: { ...own, ...kind.environment, ...environment },
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
    detached: true,
  }).spawn();
  let ended = false;
  const code = launcher.status.then((status) => {
    ended = true;
    return status.code;
  });
  const send = (signal: Deno.Signal) => {
    if (!ended) launcher.kill(signal);
  };
  return { code, stop: () => send(kind.stop), end: () => send("SIGTERM") };
}
