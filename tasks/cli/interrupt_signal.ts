/**
 * Stopping a task from the keyboard.
 *
 * @module
 */

/** For so long a further SIGINT is the same Ctrl-C: the terminal sends it to us and to `deno task`, which hands it on. */
const REPEAT_MILLISECONDS = 1000;

/** An abort signal that Ctrl-C gives; a second Ctrl-C, a second later or more, ends the process at once. */
export function interruptSignal(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  let first: number | undefined;
  const interrupt = (): void => {
    const now = performance.now();
    first ??= now;
    controller.abort();
    // The shell's code of a process that SIGINT has ended.
    if (now - first >= REPEAT_MILLISECONDS) Deno.exit(130);
  };
  Deno.addSignalListener("SIGINT", interrupt);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => Deno.removeSignalListener("SIGINT", interrupt),
  };
}
