/**
 * Tasks on several processes of this machine: `--workers N`.
 *
 * @module
 */
import { mustStartRanks, startRanks } from "../../core/distributed/mod.ts";
import { interruptSignal } from "./interrupt_signal.ts";
import { flagsOf } from "./permissions.ts";
import { isInstalled, PROGRAM } from "./program_name.ts";

/** The option of a task whose processes work together. */
export const WORKERS: {
  readonly type: "integer";
  readonly minimum: number;
  readonly maximum: number;
  readonly default: number;
  readonly description: string;
} = {
  type: "integer",
  minimum: 0,
  maximum: 256,
  default: 0,
  description:
    "processes of this machine that work together, by mpirun, over its devices (0: this one alone)",
};

/** Exit codes above it are those of processes that were ended by a signal, whose number is added; not by MPICH's `mpirun`. */
const SIGNALLED = 128;

/** The exit code of a task that has failed, and said why. */
const FAILED = 1;

const SIGKILL = 9;

/** What is to say of processes of which one was ended by a signal. */
function killedText(workers: number, code: number): string {
  const signal = code > SIGNALLED ? code - SIGNALLED : code;
  const why = signal === SIGKILL ? ", as the system does where memory is short" : "";
  return `Cannot finish on ${workers} processes: one of them was ended by signal ${signal}${why}; what was saved is kept`;
}

/**
 * Runs a task on as many processes as `--workers` says, each with the same arguments, unless this is one of them. A first
 * Ctrl-C, SIGTERM, SIGUSR1 or SIGUSR2 has them stop when they can, a second one at once; the exit code is theirs.
 *
 * @param task its name under `deno task`
 * @param args as it was given them
 * @param workers how many, this process alone if 0
 * @returns whether they have done the task's work, so that nothing is left to do here
 * @throws {TypeError} if something else has started another number of processes
 * @throws {GenviewError} if there is no `mpirun`
 */
export async function ranOnWorkers(
  task: string,
  args: readonly string[],
  workers: number,
): Promise<boolean> {
  if (!mustStartRanks(workers, (name) => Deno.env.get(name))) return false;
  const program = isInstalled()
    ? { program: PROGRAM, args: [task, ...args] }
    : { program: new URL(`../${task.replaceAll("-", "_")}.ts`, import.meta.url), args };
  const ranks = await startRanks({
    ...{ ranks: workers, ...program },
    permissions: flagsOf([task]).filter((flag) => !flag.startsWith("--allow-run")),
    // Open MPI gives ranks a terminal even where this process writes to a file.
    environment: Deno.stdout.isTerminal() ? {} : { NO_COLOR: "1" },
  });
  using interrupt = interruptSignal(ranks.stop, ranks.end);
  const code = await ranks.code;
  // A process that fails says why; one that is killed cannot.
  if (code > FAILED && !interrupt.signal.aborted) console.error(killedText(workers, code));
  Deno.exitCode = code;
  return true;
}
