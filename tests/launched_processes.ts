/**
 * The processes that a launcher has started, however far down, and those that have outlived it. Linux says which they are;
 * elsewhere none are found.
 *
 * @module
 */

/** The variable that the processes of a launch have in their environment. */
const VARIABLE = "GENVIEW_TEST_LAUNCH";

/** Processes that are ended have so long: Open MPI's wait a second, twice. */
const GRACE_SECONDS = 20;

const POLL_MILLISECONDS = 50;

/** A process of a launch. */
export interface LaunchedProcess {
  /** Its number and its command. */
  readonly name: string;
  /** Ends it, whatever it is at. */
  kill(): void;
}

/** What a launch is known by: a variable of its environment, which its processes inherit. */
export function launchMark(): Readonly<Record<string, string>> {
  return { [VARIABLE]: crypto.randomUUID() };
}

/**
 * Prints the number and the name of each process whose environment has a variable, and another by a pattern. Deno itself
 * reads no environment of others without all permissions.
 */
const FIND = `for file in $(grep -lsazxF "$1" /proc/[0-9]*/environ); do
  grep -qsazxE "$2" "$file" || continue
  process=\${file%/environ}
  echo "\${process#/proc/} $(cat "$process/comm" 2>/dev/null)"
done`;

/**
 * The processes of a launch that are there now, without this one.
 *
 * @param variable a pattern of a variable, such as `NAME=value`, that the environment of those has that are wanted
 */
export function processesOf(
  mark: Readonly<Record<string, string>>,
  variable: string = ".*",
): LaunchedProcess[] {
  if (Deno.build.os !== "linux") return [];
  const { stdout } = new Deno.Command("sh", {
    args: ["-c", FIND, "sh", `${VARIABLE}=${mark[VARIABLE]}`, variable],
  }).outputSync();
  const lines = new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
  return lines.flatMap((name) => {
    const number = Number.parseInt(name);
    if (number === Deno.pid) return [];
    const kill = () => {
      try {
        Deno.kill(number, "SIGKILL");
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    };
    return [{ name, kill }];
  });
}

/** Whether a process could not be ended because it had. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound ||
    error instanceof TypeError && error.message.includes("ESRCH");
}

/**
 * Waits until a launch has no process any more, and ends those that stay.
 *
 * @param seconds that they have to end by themselves
 * @returns the names of those that had to be ended
 */
export async function untilGone(
  mark: Readonly<Record<string, string>>,
  seconds: number = GRACE_SECONDS,
): Promise<string[]> {
  const end = performance.now() + 1000 * seconds;
  for (;;) {
    const left = processesOf(mark);
    if (left.length === 0) return [];
    if (performance.now() > end) {
      for (const each of left) each.kill();
      return left.map(({ name }) => name);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
}
