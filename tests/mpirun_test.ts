import { assert, assertEquals, assertRejects } from "@std/assert";
import { launchMark, processesOf, untilGone } from "./launched_processes.ts";
import { mpirun, testMpi } from "./mpirun.ts";

const STUBBORN = new URL("./stubborn_rank.ts", import.meta.url);

testMpi("mpirun() of tests ends ranks that do not end by themselves", async (kind) => {
  const start = performance.now();
  const running = () => mpirun(kind, 2, STUBBORN, [], { seconds: 6 });
  await assertRejects(running, Error, "have not ended within 6 seconds");
  assert(performance.now() - start < 30_000);
});

Deno.test("untilGone() finds the processes of a launch, however far down, and ends those that stay", async () => {
  const mark = launchMark();
  assertEquals(processesOf(mark), []);
  const shell = new Deno.Command("sh", { args: ["-c", "sleep 600 & wait"], env: mark }).spawn();
  while (processesOf(mark).length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  const names = await untilGone(mark, 0.1);
  assertEquals(names.map((name) => name.split(" ")[1]).sort(), ["sh", "sleep"]);
  await shell.status;
  assertEquals(await untilGone(mark), []);
});
