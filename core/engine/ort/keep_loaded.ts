/**
 * Keeping a shared library in memory until the process ends.
 *
 * Deno closes what a worker or a file of tests has opened when that ends. Threads of ONNX Runtime and of a device's
 * driver run on all the same, and would run in memory that is gone.
 *
 * @module
 */
import { cPath, outWord } from "./c_values.ts";
import { systemLibrary } from "./system_library.ts";

/** `RTLD_LAZY` of `dlfcn.h`. */
const LAZY = 0x1;

/** `RTLD_NODELETE` of `dlfcn.h`, by `Deno.build.os`. */
const NO_DELETE: Readonly<Record<string, number>> = { linux: 0x1000, darwin: 0x80 };

/** `GET_MODULE_HANDLE_EX_FLAG_PIN` of `libloaderapi.h`. */
const PIN = 0x1;

/**
 * Keeps a library that is open in memory until the process ends; with `--allow-ffi` for some libraries only, where the
 * system's own is among them.
 *
 * @param path as it was opened by
 * @throws {Error} if the system does not find the library under that path
 */
export function keepLoaded(path: string): void {
  const name = systemLibrary();
  if (name === undefined) return;
  const kept = Deno.build.os === "windows" ? pin(name, path) : reopen(name, path);
  if (!kept) throw new Error(`Internal: ${path} is open, and cannot be kept so`);
}

/** Opens a library once more by the C library, and never closes that. */
function reopen(libc: string, path: string): boolean {
  const library = Deno.dlopen(libc, {
    dlopen: { parameters: ["buffer", "i32"], result: "pointer" },
  });
  try {
    return library.symbols.dlopen(cPath(path), LAZY | NO_DELETE[Deno.build.os]!) !== null;
  } finally {
    library.close();
  }
}

function pin(kernel: string, path: string): boolean {
  const library = Deno.dlopen(kernel, {
    GetModuleHandleExW: { parameters: ["u32", "buffer", "buffer"], result: "i32" },
  });
  try {
    return library.symbols.GetModuleHandleExW(PIN, cPath(path), outWord()) !== 0;
  } finally {
    library.close();
  }
}
