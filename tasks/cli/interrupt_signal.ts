/**
 * Stopping a task: Ctrl-C, and the signal that schedulers send before they kill.
 *
 * @module
 */

/** For so long a further signal is the same one: the terminal sends it to us and to `deno task`, which hands it on. */
const REPEAT_MILLISECONDS = 1000;

/** Ctrl-C, what schedulers send before they kill, and what `mpirun` hands on; Windows knows the first alone. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2"];

/** Begins a line of its own where a progress line may stand. */
function sayOnStandardError(): void {
  const text = "stopping; press Ctrl-C again to end at once";
  console.error(Deno.stderr.isTerminal() ? `\n${text}` : text);
}

/**
 * An abort signal that Ctrl-C, SIGTERM, SIGUSR1 or SIGUSR2 gives; a second one, a second later or more, ends the process at
 * once. It does so by the signal's own action, which needs neither the thread of this program, busy as it may be, nor an orderly end of
 * libraries: that of a GPU's driver crashes or waits while its threads compute.
 *
 * @param note says at once that the task stops, and when; by default on standard error
 * @param again is called by further signals, which then do not end the process
 */
export function interruptSignal(
  note: () => void = sayOnStandardError,
  again?: () => void,
): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  let repeats: ReturnType<typeof setTimeout> | undefined;
  const stopListening = (): void => {
    clearTimeout(repeats);
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, interrupt);
  };
  function interrupt(): void {
    if (repeats !== undefined) return;
    if (controller.signal.aborted) return again?.();
    const listenOn = () => void (repeats = undefined);
    repeats = setTimeout(again === undefined ? stopListening : listenOn, REPEAT_MILLISECONDS);
    Deno.unrefTimer(repeats);
    note();
    controller.abort();
  }
  for (const signal of SIGNALS) Deno.addSignalListener(signal, interrupt);
  return { signal: controller.signal, [Symbol.dispose]: stopListening };
}
