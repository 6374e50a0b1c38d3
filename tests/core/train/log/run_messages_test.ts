import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { readJsonLines } from "../../../../core/files/json_lines.ts";
import { RunMessages } from "../../../../core/train/log/run_messages.ts";
import { parseStart, START_FILE } from "../../../../core/train/mod.ts";
import { train } from "../../../../core/train/run/train.ts";
import { inFolder } from "../../../in_folder.ts";
import { options } from "../small_run.ts";

Deno.test("what is said before the logs are open is written once they are, then as it is said", () => {
  const written: unknown[] = [];
  const log = { message: (...message: unknown[]) => void written.push(message) };
  const messages = new RunMessages();
  messages.take({ kind: "warning", message: "early" });
  messages.open(log, 3);
  messages.take({ kind: "note", message: "now" });
  messages.take({ kind: "checkpoint", path: "a", step: 9 });
  messages.fail(new Error("over"));
  assertEquals(written, [[3, "warning", "early"], [3, "note", "now"], [3, "error", "over"]]);
});

Deno.test("a run leaves what it knew at its start and what it said, also why it ended", () =>
  inFolder(async (output) => {
    const path = join(output, "messages.jsonl");
    const failing = options(output, { learningRate: 1e30 });
    await assertRejects(() => train(failing), Error, "Cannot continue");
    const start = parseStart(JSON.parse(await Deno.readTextFile(join(output, START_FILE))), "it");
    assertEquals([start.resumedAt, start.stepsPerEpoch, start.totalSteps], [0, 3, 12]);
    assertEquals(start.title, "SimSiam");
    assertEquals(start.lossRange?.collapsed, -1);
    assertEquals(start.environment["Deno"], Deno.version.deno);
    const last = (await readJsonLines(path)).at(-1)!;
    assertEquals(last["kind"], "error");
    assertEquals(String(last["message"]).startsWith("Cannot continue"), true);
  }));
