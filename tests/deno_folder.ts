/**
 * Where Deno keeps what it has fetched, for tests that give a process another cache or another home.
 *
 * @module
 */

/** The folder, which XDG_CACHE_HOME and HOME would move: whoever is not told it fetches all packages again. */
export async function denoFolder(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}
