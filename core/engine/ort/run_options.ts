/**
 * How one run differs from the others.
 *
 * @module
 */
import { obtain } from "./api.ts";
import { cString } from "./c_values.ts";
import { CPU } from "./device.ts";
import { environment } from "./environment.ts";
import { check } from "./error.ts";
import type { SessionOptions } from "./session_options.ts";

/** How one run differs from the others. */
export interface RunOptions {
  /**
   * Gives memory that the arenas do not need any more back to the system after the run. Worth it after the last run
   * of a large session; after every run it costs as much time as having no arena.
   */
  readonly shrinkArena?: boolean;
}

/** Arenas of a session, in the form of ONNX Runtime's list of those to shrink: `cpu:0;gpu:1`. */
export function arenasOf({ device = CPU, arena = true }: SessionOptions): string {
  const host = arena ? ["cpu:0"] : [];
  return (device.provider === "cuda" ? [...host, `gpu:${device.index}`] : host).join(";");
}

/**
 * A new `OrtRunOptions*`, which the caller releases, or null where the defaults do.
 *
 * @param arenas the session's arenas, from {@linkcode arenasOf}
 */
export function createRunOptions(options: RunOptions, arenas: string): Deno.PointerValue {
  if (!options.shrinkArena || arenas === "") return null;
  const { api } = environment();
  const pointer = obtain(api, "create run options", (out) => api.CreateRunOptions(out));
  const key = cString("memory.enable_memory_arena_shrinkage");
  check(api, api.AddRunConfigEntry(pointer, key, cString(arenas)), "set run option shrinkArena");
  return pointer;
}

/** Releases what {@linkcode createRunOptions} made. */
export function releaseRunOptions(pointer: Deno.PointerValue): void {
  if (pointer !== null) environment().api.ReleaseRunOptions(pointer);
}
