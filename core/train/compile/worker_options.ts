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

/** The configurations in a folder and above it, the nearest first. */
function configurationsFrom(folder: string): string[] {
  const found = ["deno.json", "deno.jsonc"].map((name) => textOf(join(folder, name)))
    .find((text) => text !== undefined);
  const above = dirname(folder);
  return [
    ...(found === undefined ? [] : [found]),
    ...above === folder ? [] : configurationsFrom(above),
  ];
}

function switchesOn(configuration: string | undefined): boolean {
  return /"unstable"\s*:\s*\[[^\]]*"worker-options"/.test(configuration ?? "");
}

/** Whether Deno finds it switched on in the nearest configuration, or in that of the workspace around it. */
function isSwitchedOn(folder: string): boolean {
  const [nearest, ...above] = configurationsFrom(folder);
  return switchesOn(nearest) ||
    above.some((configuration) =>
      /"workspace"\s*:/.test(configuration) && switchesOn(configuration)
    );
}

const COMMAND_LINE = "/proc/self/cmdline\0";

/**
 * What Deno was told by this process's command line, which the C library reads: Deno shows it only to programs that may
 * do everything.
 */
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
  const words = new TextDecoder().decode(bytes.subarray(0, Math.max(0, length))).split("\0");
  // Each word ends in a zero; the last words are the program's own.
  return words.slice(0, words.length - 1 - Deno.args.length);
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
  const flags = seen(commandLine);
  if (flags?.includes(FLAG)) return;
  const named = flags === undefined ? undefined : namedConfiguration(flags);
  const folder = programFolder();
  if (named !== undefined) {
    if (switchesOn(textOf(named))) return;
  } else if (folder !== undefined && isSwitchedOn(folder)) return;
  // Elsewhere a flag cannot be seen, and Deno itself says what is missing.
  if (flags === undefined && Deno.build.os !== "linux") return;
  throw new GenviewTypeError(
    `Cannot ${action}: a method that is given by name or address runs in a worker without permissions, which needs ` +
      `"unstable": ["worker-options"] in deno.json, or ${FLAG}; or import the method yourself and hand it over as an object`,
  );
}
