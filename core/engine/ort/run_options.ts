/**
 * How one run differs from the others.
 *
 * @module
 */
import { obtain } from "./api.ts";
import { cString } from "./c_values.ts";
import type { Device } from "./device.ts";
import { environment } from "./environment.ts";
import { check } from "./error.ts";

/** How one run differs from the others. */
export interface RunOptions {
  /** Gives memory that the arenas do not need any more back to the system after the run. */
  readonly shrinkArena?: boolean;
}

/** A new `OrtRunOptions*`, which the caller releases, or null where the defaults do. */
export function createRunOptions(options: RunOptions, device: Device): Deno.PointerValue {
  if (!options.shrinkArena) return null;
  const { api } = environment();
  const pointer = obtain(api, "create run options", (out) => api.CreateRunOptions(out));
  const arenas = device.provider === "cuda" ? `cpu:0;gpu:${device.index}` : "cpu:0";
  check(
    api,
    api.AddRunConfigEntry(
      pointer,
      cString("memory.enable_memory_arena_shrinkage"),
      cString(arenas),
    ),
    "set run option shrinkArena",
  );
  return pointer;
}

/** Releases what {@linkcode createRunOptions} made. */
export function releaseRunOptions(pointer: Deno.PointerValue): void {
  if (pointer !== null) environment().api.ReleaseRunOptions(pointer);
}
