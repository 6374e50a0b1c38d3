import { homedir } from "node:os";
import { join } from "node:path";

/**
 * A place in the user's cache: under `genview` in XDG_CACHE_HOME, or in `~/.cache`.
 *
 * @param parts folders, and the file's name where it is one
 */
export function userCache(...parts: readonly string[]): string {
  const root = Deno.env.get("XDG_CACHE_HOME") || join(homedir(), ".cache");
  return join(root, "genview", ...parts);
}
