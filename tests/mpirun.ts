/**
 * Programs on several ranks, started by a real `mpirun`. Tests that need one are left out where it is missing, and say so.
 *
 * @module
 */
import type { MpiKind } from "../core/distributed/mod.ts";
import { launchMark, processesOf, untilGone } from "./launched_processes.ts";

const DECODER = new TextDecoder();

/** The launchers, by the names that Debian gives them, and the packages that they are in. */
const LAUNCHERS: Readonly<
  Record<MpiKind, { readonly command: string; readonly packages: string }>
> = {
  openmpi: { command: "mpirun.openmpi", packages: "openmpi-bin libopenmpi-dev" },
  mpich: { command: "mpirun.mpich", packages: "mpich" },
};

/**
 * Ranks yield their cores while they wait, for tests share cores: with other tests, and ranks with each other. MPICH's do so
 * by themselves, Open MPI's where it knows of more ranks than cores.
 */
const YIELDING = { OMPI_MCA_mpi_yield_when_idle: "1" };

/** Kinds of MPI that tests run with. */
export const MPI_KINDS: readonly MpiKind[] = ["openmpi", "mpich"];

/** Options of {@linkcode mpirun}. */
export interface MpirunOptions {
  /** Permissions of the program; to use FFI and read the environment if left out. */
  readonly permissions?: readonly string[];
  /** Variables of the environment besides this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** After which the processes are ended and the call throws; 120 if left out. */
  readonly seconds?: number;
  /** Called when the processes have been started. */
  readonly onStart?: (launcher: Deno.ChildProcess) => void;
}

/** How the processes ended. */
export interface MpirunResult {
  /** Of the launcher. */
  readonly code: number;
  /** Of all ranks, in whatever order it came. */
  readonly stdout: string;
  readonly stderr: string;
  /** From start to end. */
  readonly seconds: number;
}

/** Whether a launcher is here. */
export function hasMpi(kind: MpiKind): boolean {
  try {
    return new Deno.Command(LAUNCHERS[kind].command, {
      args: ["--version"],
      stdout: "null",
      stderr: "null",
    }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Runs a program on several ranks, each with one thread. When it returns or throws, no process of theirs is left.
 *
 * @throws {Error} if they have not ended in time, or one of them outlives the launcher; the message has what they wrote
 */
export async function mpirun(
  kind: MpiKind,
  ranks: number,
  program: URL,
  args: readonly string[] = [],
  { permissions = ["--allow-ffi", "--allow-env"], environment, seconds = 120, onStart }:
    MpirunOptions = {},
): Promise<MpirunResult> {
  const start = performance.now();
  const launch = kind === "openmpi"
    ? ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-np", `${ranks}`]
    : ["-np", `${ranks}`];
  const mark = launchMark();
  const process = new Deno.Command(LAUNCHERS[kind].command, {
    args: [
      ...launch,
      ...[Deno.execPath(), "run", "--no-prompt", ...permissions, program.href, ...args],
    ],
    env: { OMP_NUM_THREADS: "1", NO_COLOR: "1", ...YIELDING, ...environment, ...mark },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    // A launcher that is told to end waits for ranks that do not; and a rank that is left keeps its output open.
    for (const each of processesOf(mark)) each.kill();
  }, seconds * 1000);
  onStart?.(process);
  const { code, stdout, stderr } = await process.output();
  clearTimeout(limit);
  const left = await untilGone(mark);
  const result = {
    code,
    stdout: DECODER.decode(stdout),
    stderr: DECODER.decode(stderr),
    seconds: (performance.now() - start) / 1000,
  };
  if (!late && left.length === 0) return result;
  const what = late ? `have not ended within ${seconds} seconds` : "have outlived their launcher";
  const which = late ? "" : `, ${left.join(", ")}`;
  throw new Error(
    `${ranks} ranks of ${kind} ${what}${which}. They wrote:\n${result.stdout}\n${result.stderr}`,
  );
}

/** Makes a kind's launcher the one that is called `mpirun` in a folder, for programs that find it in PATH. */
export async function mpirunFolder(kind: MpiKind, folder: string): Promise<void> {
  const variables = Object.entries(YIELDING).map(([name, value]) => `${name}=${value}`).join(" ");
  const script = `#!/bin/sh\nexec env ${variables} ${LAUNCHERS[kind].command} "$@"\n`;
  await Deno.writeTextFile(`${folder}/mpirun`, script, { mode: 0o755 });
}

/** Runs a program as {@linkcode mpirun} does, and throws what it wrote if it fails. */
export async function mpirunWell(...given: Parameters<typeof mpirun>): Promise<MpirunResult> {
  const result = await mpirun(...given);
  if (result.code === 0) return result;
  throw new Error(
    `Exit code ${result.code} of ${given[1]} ranks of ${
      given[0]
    }. They wrote:\n${result.stdout}\n${result.stderr}`,
  );
}

/** A test of ranks has so long, however it starts them. */
const TEST_SECONDS = 600;

/** Runs a test, after which no process is left that it has started, and which is ended when it takes too long. */
async function bounded(test: () => Promise<void>): Promise<void> {
  const mark = launchMark();
  for (const [name, value] of Object.entries(mark)) Deno.env.set(name, value);
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    for (const each of processesOf(mark)) each.kill();
  }, TEST_SECONDS * 1000);
  let left: string[] = [];
  try {
    await test();
  } finally {
    clearTimeout(limit);
    for (const name of Object.keys(mark)) Deno.env.delete(name);
    left = await untilGone(mark);
  }
  if (late) throw new Error(`The ranks have not ended within ${TEST_SECONDS} seconds`);
  if (left.length > 0) throw new Error(`The test has left processes: ${left.join(", ")}`);
}

/**
 * Registers a test for each kind of MPI. It leaves no process behind. Where one is missing its test is left out, and its name says so.
 *
 * @param kinds both if left out
 */
export function testMpi(
  name: string,
  test: (kind: MpiKind) => Promise<void>,
  kinds: readonly MpiKind[] = MPI_KINDS,
): void {
  for (const kind of kinds) {
    const ignore = !hasMpi(kind);
    const { command, packages } = LAUNCHERS[kind];
    const why = ignore ? ` (left out: ${command} is missing; apt-get install ${packages})` : "";
    Deno.test({ name: `${name}, ${kind}${why}`, ignore, fn: () => bounded(() => test(kind)) });
  }
}
