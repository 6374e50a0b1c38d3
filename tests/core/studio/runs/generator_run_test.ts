import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readJsonLines } from "../../../../core/files/json_lines.ts";
import type { RunDetails } from "../../../../core/studio/mod.ts";
import type { StageEvent } from "../../../../core/unclip/training/stage_event.ts";
import { trainGenerator } from "../../../../core/unclip/training/train_generator.ts";
import { tinyTraining } from "../../unclip/training/tiny_generator.ts";
import { inFolder } from "../../../in_folder.ts";
import { ask, openStudio } from "../server/open_studio.ts";

Deno.test("a generator's run has failed until it goes on, and is shown within what its UNet should come to", () =>
  inFolder(async (root) => {
    const options = await tinyTraining(root);
    const studio = await openStudio(root);
    const shown = async (): Promise<RunDetails> =>
      await (await ask(studio, "/api/run?run=run")).json();
    const report = (event: StageEvent) => {
      if (event.kind === "encode") throw new Error("the disk is gone");
    };
    await assertRejects(() => trainGenerator({ ...options, report }), Error, "the disk is gone");
    const failed = await shown();
    assertEquals([failed.state, failed.step], ["failed", 5]);
    assertEquals(failed.messages.map(({ text }) => text), ["the disk is gone"]);
    await trainGenerator({ ...options, resume: true });
    assertEquals(await readJsonLines(join(options.output, "messages.jsonl")), []);
    const { state, step, bands, environment, explanations, messages } = await shown();
    assertEquals([state, step, messages], ["finished", 10, []]);
    assertEquals(environment["Deno"], Deno.version.deno);
    assertEquals(bands.map(({ metric }) => metric), ["unet/loss"]);
    const { random: [low, high] = [NaN, NaN] } = bands[0]!;
    const [first] = await readJsonLines(join(options.output, "unet/steps.jsonl"));
    // Of the untrained network that predicts nothing, in a batch of four.
    assert(Number(first!["loss"]) > low / 3 && Number(first!["loss"]) < 3 * high);
    const loss = explanations.find(({ name }) => name === "unet/loss")!;
    assertStringIncludes(loss.healthy, "A UNet that predicts nothing has a loss of");
  }));
