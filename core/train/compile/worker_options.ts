/**
 * Whether Deno lets workers have permissions of their own. It offers this only where `worker-options` is switched on, and
 * ends the whole program where a worker is asked for without.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { GenviewTypeError } from "../../errors/mod.ts";

const FLAG = "--unstable-worker-options";

/** A file's text, or nothing if it is not there or may not be read. */
function textOf(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}

/** What the program's own permissions let one see of a thing. */
function seen<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** Where Deno looks for its configuration first: the folder of the program, or that in which one from the web is run. */
function programFolder(): string | undefined {
  const program = seen(() => Deno.mainModule);
  if (program?.startsWith("file:")) return dirname(fileURLToPath(program));
  return seen(() => Deno.cwd());
}

/** The nearest configuration in a folder or above it. */
function nearestConfiguration(folder: string): string | undefined {
  for (const name of ["deno.json", "deno.jsonc"]) {
    const text = textOf(join(folder, name));
    if (text !== undefined) return text;
  }
  const above = dirname(folder);
  return above === folder ? undefined : nearestConfiguration(above);
}

function switchesOn(configuration: string | undefined): boolean {
  return /"unstable"\s*:\s*\[[^\]]*"worker-options"/.test(configuration ?? "");
}

const COMMAND_LINE = "/proc/self/cmdline\0";

/** The command line of this process by the C library: Deno itself shows it only to programs that may do everything. */
function commandLine(): readonly string[] | undefined {
  if (Deno.build.os !== "linux") return undefined;
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  const library = Deno.dlopen("libc.so.6", {
    open: { parameters: ["buffer", "i32"], result: "i32" },
    read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
  });
  const { open, read, close } = library.symbols;
  const file = open(new TextEncoder().encode(COMMAND_LINE), 0);
  if (file < 0) {
    library.close();
    return undefined;
  }
  const bytes = new Uint8Array(1 << 20);
  const length = Number(read(file, bytes, BigInt(bytes.length)));
  close(file);
  library.close();
  return new TextDecoder().decode(bytes.subarray(0, Math.max(0, length))).split("\0");
}

/** The configuration that a command line names by `--config`. */
function namedConfiguration(flags: readonly string[]): string | undefined {
  const at = flags.findIndex((flag) => /^(?:-c|--config)(?:=|$)/.test(flag));
  return at < 0 ? undefined : flags[at]!.split("=")[1] ?? flags[at + 1];
}

/**
 * Checks that a worker may be given permissions.
 *
 * @param action what cannot be done without, such as `compile method "mine"`
 * @throws {TypeError} if Deno would end the program
 */
export function requireWorkerOptions(action: string): void {
  const folder = programFolder();
  if (folder !== undefined && switchesOn(nearestConfiguration(folder))) return;
  const flags = seen(commandLine);
  if (flags?.includes(FLAG)) return;
  const named = flags === undefined ? undefined : namedConfiguration(flags);
  if (named !== undefined && switchesOn(textOf(named))) return;
  // Elsewhere a flag cannot be seen, and Deno itself says what is missing.
  if (flags === undefined && Deno.build.os !== "linux") return;
  throw new GenviewTypeError(
    `Cannot ${action}: a method that is given by name or address runs in a worker without permissions, which needs ` +
      `"unstable": ["worker-options"] in deno.json, or ${FLAG}; or import the method yourself and hand it over as an object`,
  );
}
