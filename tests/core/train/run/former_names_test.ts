import { assertEquals } from "@std/assert";
import {
  type Configuration,
  DEFAULT_CONFIGURATION,
} from "../../../../core/method/configuration.ts";
import { checkResumable } from "../../../../core/train/run/check_resumable.ts";
import { readDescription } from "../../../../core/train/run/run_description.ts";
import { inFolder } from "../../../in_folder.ts";

const scheduled = { temperature: { from: 0.2 }, encoderMomentum: { from: 0.99, to: 1 } };
const configuration: Configuration = { ...DEFAULT_CONFIGURATION, scheduled };
const { qualityComponent, ...others } = configuration;
const stored = {
  ...others,
  qualityVectors: qualityComponent,
  scheduled: { temperature: { from: 0.2 }, momentum: { from: 0.99, to: 1 } },
};

Deno.test("a run that was stored under former names of an option and a schedule is read under today's", async () => {
  await inFolder(async (folder) => {
    const text = JSON.stringify({ method: "simsiam", configuration: stored });
    await Deno.writeTextFile(`${folder}/configuration.json`, text);
    assertEquals((await readDescription(folder)).configuration, configuration);
  });
});

Deno.test("checkResumable() finds no change in former names", () => {
  const state = { method: "simsiam", step: 8, samples: 256, configuration: stored };
  const options = {
    method: { manifest: { name: "simsiam" } },
    configuration,
    dataset: { length: 256 },
  } as Parameters<typeof checkResumable>[1];
  assertEquals(checkResumable(state, options), []);
});
