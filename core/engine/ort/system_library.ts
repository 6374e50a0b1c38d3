/**
 * The system's own library, whose functions ONNX Runtime's surroundings are arranged by.
 *
 * @module
 */

/** By `Deno.build.os`. */
const NAMES: Readonly<Record<string, string>> = {
  linux: "libc.so.6",
  darwin: "libSystem.B.dylib",
  windows: "kernel32.dll",
};

/** Its name; undefined on other systems, and where it may not be opened: with `--allow-ffi` for other libraries only. */
export function systemLibrary(): string | undefined {
  const name = NAMES[Deno.build.os];
  if (name === undefined) return undefined;
  const { state } = Deno.permissions.querySync({ name: "ffi", path: name });
  return state === "granted" ? name : undefined;
}
