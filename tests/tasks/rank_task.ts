/**
 * Tasks on several ranks, with the permissions that deno.json gives them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { mpirun, type MpirunOptions, type MpirunResult } from "../mpirun.ts";
import type { MpiKind } from "../../core/distributed/mod.ts";

const ROOT = new URL("../../", import.meta.url);

/** Runs a task, as of `fg-ratio`, by `mpirun`. */
export async function mpirunTask(
  kind: MpiKind,
  ranks: number,
  task: string,
  args: readonly string[],
  options: Omit<MpirunOptions, "permissions"> = {},
): Promise<MpirunResult> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const words: string[] = tasks[task].command.split(" ");
  const permissions = words.filter((word) => word.startsWith("--allow-"));
  const program = new URL(words.at(-1)!, ROOT);
  return await mpirun(kind, ranks, program, args, { seconds: 240, ...options, permissions });
}

/** As {@linkcode mpirunTask}, and throws what the ranks wrote if they fail. */
export async function mpirunTaskWell(
  ...given: Parameters<typeof mpirunTask>
): Promise<MpirunResult> {
  const result = await mpirunTask(...given);
  if (result.code === 0) return result;
  throw new Error(`Exit code ${result.code}. They wrote:\n${result.stdout}\n${result.stderr}`);
}

/** SHA-256 of all files below a folder, by their paths in it. */
export async function digestsOf(folder: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const { name, isDirectory } of await Array.fromAsync(Deno.readDir(folder))) {
    const path = `${folder}/${name}`;
    if (isDirectory) {
      for (const [below, digest] of Object.entries(await digestsOf(path))) {
        digests[`${name}/${below}`] = digest;
      }
    } else {
      digests[name] = createHash("sha256").update(await Deno.readFile(path)).digest("hex");
    }
  }
  return digests;
}
