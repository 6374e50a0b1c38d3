/**
 * Code that may not run longer than so many seconds. Nothing outside of a thread that loops ends it for certain in Deno 2.9:
 * `terminate()` returns, and the thread may go on. A script of `node:vm` with a timeout is ended by V8 itself, wherever it then is,
 * and so is what it calls.
 *
 * @module
 */
import { runInNewContext } from "node:vm";
import { PluginError } from "../../../method/plugin_error.ts";
import { timeIsUp } from "../compile_limits.ts";

/** What `node:vm` throws when a script has taken its time. */
const TIMED_OUT = "ERR_SCRIPT_EXECUTION_TIMEOUT";

function hasTimedOut(thrown: unknown): boolean {
  return typeof thrown === "object" && thrown !== null && "code" in thrown &&
    thrown.code === TIMED_OUT;
}

/**
 * Runs a function, which is ended when its time is up. What it leaves to be done later, such as a job of a promise, is not.
 *
 * @throws {PluginError} if it is not done in time
 */
export function runWithin<T>(seconds: number, run: () => T): T {
  try {
    return runInNewContext("run()", { run }, { timeout: Math.ceil(seconds * 1000) });
  } catch (thrown) {
    throw hasTimedOut(thrown) ? new PluginError(timeIsUp(seconds)) : thrown;
  }
}
