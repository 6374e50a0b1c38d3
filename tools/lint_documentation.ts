/**
 * Checks the documentation of every entry point that deno.json exports: each exported symbol has a docstring and
 * explicit types, and no signature names a type that cannot be imported. All are checked at once, for a type of one
 * entry point may stand in a signature of another.
 *
 * @module
 */
import configuration from "../deno.json" with { type: "json" };

const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["doc", "--lint", ...Object.values(configuration.exports)],
  cwd: new URL("../", import.meta.url).pathname,
}).spawn().status;
Deno.exit(code);
