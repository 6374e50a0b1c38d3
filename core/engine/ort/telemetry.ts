/**
 * Keeping ONNX Runtime from sending events to its makers, which it does by itself since 1.30: it would go around Deno's
 * permissions, and leave an identifier of the machine in the user's cache.
 *
 * @module
 */
import { check } from "./error.ts";
import type { OrtApi } from "./api.ts";
import { cString } from "./c_values.ts";
import { systemLibrary } from "./system_library.ts";

/** What the library asks for as it is loaded, on systems other than Windows. */
const VARIABLE = "ORT_DISABLE_TELEMETRY";

/** `overwrite` of `setenv`. */
const REPLACE = 1;

/**
 * Sets the variable by which the library starts nothing of the kind, before it is loaded; with `--allow-ffi` for some libraries
 * only, where the system's own is among them. By the C library, which takes no permission to write the environment.
 */
export function preventTelemetry(): void {
  const name = Deno.build.os === "windows" ? undefined : systemLibrary();
  if (name === undefined) return;
  using owned = new DisposableStack();
  const library = owned.adopt(
    Deno.dlopen(name, { setenv: { parameters: ["buffer", "buffer", "i32"], result: "i32" } }),
    (library) => library.close(),
  );
  library.symbols.setenv(cString(VARIABLE), cString("1"), REPLACE);
}

/**
 * Turns off what an environment would send, for where no variable does.
 *
 * @throws {OrtError} if ONNX Runtime refuses it
 */
export function disableTelemetry(api: OrtApi, environment: Deno.PointerObject): void {
  check(api, api.DisableTelemetryEvents(environment), "turn off telemetry");
}
