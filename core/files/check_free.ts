/**
 * Names of files that must not exist yet.
 *
 * @module
 */
import { GenviewAlreadyExists } from "../errors/mod.ts";
import { explainingFileErrors } from "./file_error.ts";
import { ifThere } from "./if_there.ts";

/**
 * Refuses a path that something has already, before anything costly is computed for it.
 *
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { checkFree } from "./check_free.ts";
 *
 * await checkFree("none.txt", "choose another");
 * await assertRejects(() => checkFree("README.md", "choose another"), Deno.errors.AlreadyExists);
 * ```
 *
 * @param remedy what to do about it, as the end of the message
 * @throws {Deno.errors.AlreadyExists} if there is a file, folder or link
 * @throws {GenviewError} if the system refuses to look
 */
export async function checkFree(path: string, remedy: string): Promise<void> {
  const found = await explainingFileErrors(`write ${path}`, ifThere(Deno.lstat(path)));
  if (found === undefined) return;
  throw new GenviewAlreadyExists(
    `Cannot write ${path}: the name must be free, found a file; ${remedy}`,
  );
}
