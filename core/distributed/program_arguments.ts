/**
 * Command lines of Deno for processes that run a program of this library.
 *
 * @module
 */

/**
 * Arguments of Deno for a process that runs a module, also where this library is imported by URL: then the process may
 * import from that host, and takes neither import map nor lock file from the folder that it happens to run in.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { programArguments } from "./program_arguments.ts";
 *
 * const program = new URL("https://example.com/genview/worker.ts");
 * assertEquals(programArguments(program, ["--allow-read"]), [
 *   ...["run", "--no-prompt", "--allow-read", "--allow-import=example.com", "--no-config", "--no-lock"],
 *   "https://example.com/genview/worker.ts",
 * ]);
 * ```
 *
 * @param permissions flags such as `--allow-read`
 */
export function programArguments(program: URL, permissions: readonly string[]): string[] {
  const isRemote = program.protocol === "http:" || program.protocol === "https:";
  const remote = isRemote ? [`--allow-import=${program.host}`, "--no-config", "--no-lock"] : [];
  return ["run", "--no-prompt", ...permissions, ...remote, program.href];
}
