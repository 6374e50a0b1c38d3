/**
 * Stopping a task from the keyboard.
 *
 * @module
 */

/** An abort signal that Ctrl-C gives; a second Ctrl-C ends the process at once. */
export function interruptSignal(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const interrupt = (): void => {
    Deno.removeSignalListener("SIGINT", interrupt);
    controller.abort();
  };
  Deno.addSignalListener("SIGINT", interrupt);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => Deno.removeSignalListener("SIGINT", interrupt),
  };
}
