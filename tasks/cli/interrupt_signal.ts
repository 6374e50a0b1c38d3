/**
 * Stopping a task: Ctrl-C, and the signal that schedulers send before they kill.
 *
 * @module
 */

/** For so long a further signal is the same one: the terminal sends it to us and to `deno task`, which hands it on. */
const REPEAT_MILLISECONDS = 1000;

/** The shell's codes of processes that these signals have ended. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** Windows knows no SIGTERM. */
const SIGNALS: readonly (keyof typeof EXIT_CODES)[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];

/** Begins a line of its own where a progress line may stand. */
function sayOnStandardError(): void {
  const text = "stopping; press Ctrl-C again to end at once";
  console.error(Deno.stderr.isTerminal() ? `\n${text}` : text);
}

/**
 * An abort signal that Ctrl-C or SIGTERM gives; a second one, a second later or more, ends the process at once.
 *
 * @param note says at once that the task stops, and when; by default on standard error
 */
export function interruptSignal(
  note: () => void = sayOnStandardError,
): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  let first: number | undefined;
  const listeners = SIGNALS.map((signal) => {
    const interrupt = (): void => {
      const now = performance.now();
      if (first === undefined) {
        first = now;
        note();
        controller.abort();
      }
      if (now - first >= REPEAT_MILLISECONDS) Deno.exit(EXIT_CODES[signal]);
    };
    Deno.addSignalListener(signal, interrupt);
    return { signal, interrupt };
  });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const { signal, interrupt } of listeners) {
        Deno.removeSignalListener(signal, interrupt);
      }
    },
  };
}
