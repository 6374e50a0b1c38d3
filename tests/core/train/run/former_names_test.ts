import { assertEquals } from "@std/assert";
import { DEFAULT_CONFIGURATION } from "../../../../core/method/configuration.ts";
import { checkResumable } from "../../../../core/train/run/check_resumable.ts";
import { readDescription } from "../../../../core/train/run/run_description.ts";
import { inFolder } from "../../../in_folder.ts";

const { qualityComponent, ...others } = DEFAULT_CONFIGURATION;
const stored = { ...others, qualityVectors: qualityComponent };

Deno.test("a run that was stored under an option's former name is read under today's", async () => {
  await inFolder(async (folder) => {
    const text = JSON.stringify({ method: "simsiam", configuration: stored });
    await Deno.writeTextFile(`${folder}/configuration.json`, text);
    assertEquals((await readDescription(folder)).configuration, DEFAULT_CONFIGURATION);
  });
});

Deno.test("checkResumable() finds no change in an option's former name", () => {
  const state = { method: "simsiam", step: 8, samples: 256, configuration: stored };
  const options = {
    method: { manifest: { name: "simsiam" } },
    configuration: DEFAULT_CONFIGURATION,
    dataset: { length: 256 },
  } as Parameters<typeof checkResumable>[1];
  assertEquals(checkResumable(state, options), []);
});
