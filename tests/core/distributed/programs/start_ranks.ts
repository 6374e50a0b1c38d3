/**
 * Starts itself on 2 ranks and prints what has come of it. Ranks that wait have the program that started them stop them.
 *
 * Usage: deno run … start_ranks.ts add|fail|wait
 *
 * @module
 */
import { inProcessGroup, startRanks } from "../../../../core/distributed/mod.ts";

/** What a rank does. */
async function work(what: string): Promise<void> {
  if (what === "wait") {
    for (const signal of ["SIGUSR2", "SIGTERM"] as const) {
      Deno.addSignalListener(signal, () => {
        console.log("told to stop");
        Deno.exit(0);
      });
    }
  }
  await inProcessGroup(async (group) => {
    const sum = Float64Array.of(group!.rank + 1);
    await group!.allReduce(sum, "sum");
    console.log(
      `sum ${sum[0]}, libraries end in ${Deno.env.get("LD_LIBRARY_PATH")?.split(":").at(-1)}`,
    );
  });
  if (what === "fail") Deno.exitCode = 3;
  if (what !== "wait") return;
  setTimeout(() => Deno.exit(4), 30_000);
  const { ready } = Deno.env.toObject() as { ready: string };
  await Deno.writeTextFile(ready, ".", { append: true });
}

/** What starts them. */
async function start(what: string): Promise<void> {
  const ready = await Deno.makeTempFile();
  const ranks = await startRanks({
    ranks: 2,
    program: new URL(import.meta.url),
    permissions: ["--allow-ffi", "--allow-env", "--allow-read", "--allow-write"],
    args: [what],
    environment: { GENVIEW_TEST_RANK: "yes", ready },
  });
  const look = setInterval(() => {
    if (Deno.readTextFileSync(ready).length < 2) return;
    // Once: a rank that is ending listens no more, and a second signal would kill it.
    clearInterval(look);
    ranks.stop();
  }, 100);
  console.log(`code ${await ranks.code}`);
  clearInterval(look);
  await Deno.remove(ready);
}

const [what] = Deno.args as [string];
await (Deno.env.get("GENVIEW_TEST_RANK") === undefined ? start : work)(what);
