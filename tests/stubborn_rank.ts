/**
 * A rank that heeds no signal and never ends.
 *
 * @module
 */
import { inProcessGroup } from "../core/distributed/mod.ts";

if (import.meta.main) {
  Deno.addSignalListener("SIGTERM", () => {});
  await inProcessGroup(async (group) => {
    Deno.stdout.writeSync(new TextEncoder().encode(`rank ${group?.rank} stays\n`));
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  });
}
