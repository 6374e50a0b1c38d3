import { assertEquals, assertStringIncludes } from "@std/assert";
import configuration from "../../../deno.json" with { type: "json" };
import { programHelp, runProgram, type Tasks } from "../../../tasks/cli/program.ts";

/** Tasks that note with which arguments they were run. */
function noting(): { readonly tasks: Tasks; readonly runs: [string, readonly string[]][] } {
  const runs: [string, readonly string[]][] = [];
  const task = (name: string) => () =>
    Promise.resolve({
      main: (args: readonly string[]) => Promise.resolve(void runs.push([name, args])),
    });
  return { tasks: { train: task("train"), evaluate: task("evaluate") }, runs };
}

Deno.test("runProgram() runs the task of a name with the other arguments", async () => {
  const { tasks, runs } = noting();
  await runProgram(tasks, ["train", "--epochs", "2"]);
  assertEquals(runs, [["train", ["--epochs", "2"]]]);
});

Deno.test("runProgram() hands help NAME to the task, and says which permissions it needs", async () => {
  const { tasks, runs } = noting();
  for (const asking of ["help", "--help", "-h"]) {
    let printed = "";
    await runProgram(tasks, [asking, "evaluate"], (text) => printed += text);
    assertStringIncludes(printed, "--allow-ffi");
  }
  assertEquals(runs, Array(3).fill(["evaluate", ["--help"]]));
});

Deno.test("runProgram() lists the tasks where none is named, and knows its version", async () => {
  const { tasks, runs } = noting();
  for (const args of [[], ["help"], ["--help"], ["-h"]]) {
    let printed = "";
    await runProgram(tasks, args, (text) => printed += text);
    assertStringIncludes(printed, `  train     ${configuration.tasks.train.description}`);
  }
  let version = "";
  await runProgram(tasks, ["--version"], (text) => version = text);
  assertEquals(version, `genview ${configuration.version}`);
  assertEquals(runs, []);
});

Deno.test("programHelp() names the permissions of all tasks together, and keeps to the width but for commands", () => {
  const text = programHelp(noting().tasks, 60, (heading) => heading);
  assertStringIncludes(
    text,
    "deno install --global --name genview --unstable-worker-options --allow-read ",
  );
  const wide = text.split("\n").filter((line) =>
    line.length > 60 && !line.includes("deno install")
  );
  assertEquals(wide, []);
});
