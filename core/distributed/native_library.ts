/**
 * A shared library whose symbols all others may use.
 *
 * `Deno.dlopen` opens libraries for itself alone; MPI loads its own components at run time, which look for the symbols of
 * the library that is there already.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { cString, readString } from "../engine/ort/c_values.ts";

interface Loader {
  /** The C library, by its name. */
  readonly library: string;
  /** `RTLD_NOW | RTLD_GLOBAL` of `dlfcn.h`. */
  readonly flags: number;
}

const LOADERS: Readonly<Record<string, Loader>> = {
  linux: { library: "libc.so.6", flags: 0x2 | 0x100 },
  darwin: { library: "libSystem.B.dylib", flags: 0x2 | 0x8 },
};

/** A library that stays loaded until the process ends. */
export interface NativeLibrary {
  /** Where a symbol is; null if the library has none of that name. */
  readonly find: (symbol: string) => Deno.PointerValue;
}

/**
 * Loads a library, and what it depends on.
 *
 * @param path or a name that the system's loader looks for
 * @returns the library, or why it cannot be loaded, in the loader's words
 * @throws {TypeError} if this system loads no libraries this way
 * @throws {Deno.errors.NotCapable} without `--allow-ffi`
 */
export function loadNativeLibrary(path: string): NativeLibrary | string {
  const loader = LOADERS[Deno.build.os];
  if (loader === undefined) {
    throw new GenviewTypeError(
      `Cannot load ${path}: MPI is supported on Linux and macOS, found ${Deno.build.os}`,
    );
  }
  const { symbols } = Deno.dlopen(loader.library, {
    dlopen: { parameters: ["buffer", "i32"], result: "pointer" },
    dlsym: { parameters: ["pointer", "buffer"], result: "pointer" },
    dlerror: { parameters: [], result: "pointer" },
  });
  const library = symbols.dlopen(cString(path), loader.flags);
  if (library === null) {
    const reason = symbols.dlerror();
    return reason === null ? "no reason given" : readString(reason);
  }
  return { find: (symbol) => symbols.dlsym(library, cString(symbol)) };
}
