import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { bundledConfigurations } from "../../configs/mod.ts";
import { inFolder } from "../in_folder.ts";
import { testMpi } from "../mpirun.ts";
import { mpirunTaskWell } from "./rank_task.ts";
import { main } from "../../tasks/train.ts";
import { drawPictures } from "./square_pictures.ts";

/** What the task prints. */
async function printed(...args: string[]): Promise<string> {
  const { log } = console;
  let text = "";
  console.log = (line: string) => void (text += `${line}\n`);
  try {
    await main(args);
  } finally {
    console.log = log;
  }
  return text;
}

Deno.test("train --dry-run describes a run of the images that there are, and writes nothing", () =>
  inFolder(async (folder) => {
    await drawPictures(join(folder, "photos"));
    const output = join(folder, "run");
    const text = await printed(
      ...["--preset", "cifar", "--data", join(folder, "photos"), "--batch-size", "2"],
      ...["--epochs", "5", "--output", output, "--dry-run"],
    );
    assertStringIncludes(text, "SimSiam on resnet18");
    assertStringIncludes(text, "18,516,032 trained\n");
    assertStringIncludes(text, "2 of 32 px");
    assertStringIncludes(text, "5 epochs of 3 steps, 15 steps in all");
    assert(/about \d+(\.\d+)? [MG]B at most, estimated for the CPU/.test(text), text);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["photos"]);
  }));

Deno.test("train --dry-run --json prints what the run would be for programs, with its text", async () => {
  const { text, memory, totalSteps, method } = JSON.parse(
    await printed("--preset", "demo", "--images", "1000", "--dry-run", "--json"),
  );
  assertStringIncludes(text, `${totalSteps.toLocaleString("en")} steps in all`);
  assertEquals([method.name, memory.total > 1e8], ["simsiam", true]);
});

Deno.test("train --dry-run --measure times some steps, and keeps nothing", () =>
  inFolder(async (folder) => {
    await drawPictures(join(folder, "photos"));
    const { text, secondsEach, totalSteps } = JSON.parse(
      await printed(
        ...["--preset", "cifar", "--data", join(folder, "photos"), "--batch-size", "2"],
        ...["--options", '{"projectorWidth":32,"predictorWidth":16}', "--stem", "imagenet"],
        ...["--backbone", "clip_vit_tiny_patch8_64"],
        ...["--epochs", "5", "--threads", "1", "--device", "cpu"],
        ...["--output", join(folder, "run"), "--dry-run", "--measure", "--json"],
      ),
    );
    assert(secondsEach > 0 && secondsEach < 60, `${secondsEach}`);
    assertEquals(totalSteps, 15);
    assert(/^time +about [\d.]+ (seconds|minutes), at [\d.e-]+ seconds a step/m.test(text), text);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["photos"]);
  }));

Deno.test("train --list-configs names every experiment", async () => {
  const lines = (await printed("--list-configs")).split("\n");
  assertEquals(lines.filter((line) => /^\w/.test(line)), Object.keys(bundledConfigurations));
});

Deno.test("train refuses a dry run of what is not new, and images without one", async () => {
  for (
    const [args, message] of [
      [["--images", "10"], "--images needs --dry-run, found --images 10 alone"],
      [["--json"], "--json needs --dry-run, found --json alone"],
      [["--measure"], "--measure needs --dry-run, found --measure alone"],
      [
        ["--dry-run", "--measure", "--workers", "2"],
        "on the images that there are, found --workers",
      ],
      [
        ["--dry-run", "--resume", "latest"],
        "is for a new one with initial weights, found --resume",
      ],
      [["--dry-run", "--from", "x.pth"], "is for a new one with initial weights, found --from"],
      [["--dry-run", "--config", "byol_resnet"], 'the nearest is "byol_resnet50'],
    ] as const
  ) await assertRejects(() => main(args), TypeError, message);
});

Deno.test("train takes the method as a word, in any place and once", async () => {
  const about = ["--preset", "demo", "--images", "1000", "--dry-run"];
  assertStringIncludes(await printed("byol", ...about), "BYOL on resnet18");
  assertStringIncludes(await printed(...about, "byol"), "BYOL on resnet18");
  assertStringIncludes(await printed("swav", "--help"), "Options of SwAV");
  const message = "METHOD must be named once, found byol, simsiam";
  await assertRejects(() => main(["byol", "--method", "simsiam", ...about]), TypeError, message);
  await assertRejects(() => main(["byol", "simsiam", ...about]), TypeError, message);
});

/** A preset that is compiled in a moment. */
const PLANNED = ["--preset", "demo", "--images", "1000", "--device", "cpu", "--threads", "1"];

Deno.test("train --workers --dry-run lays out processes and starts none", async () => {
  const sizes = ["--batch-size", "64", "--dry-run", "--workers"];
  const text = await printed(...PLANNED, ...sizes, "4");
  assertStringIncludes(text, "64 samples in 4 processes with 16 each");
  const [, sent, gradients] = /each sends +([\d.]+) MB a step .* for ([\d.]+) MB/.exec(text)!;
  assert(Math.abs(Number(sent) / Number(gradients) - 2 * 3 / 4) < 0.01, text);
  assertEquals(text.match(/rank \d on .*, cpu, 1 thread\n/g)!.length, 4);
  const refused =
    "they must divide --batch-size, the images of a step of all of them together, found 64";
  await assertRejects(() => main([...PLANNED, ...sizes, "3"]), RangeError, refused);
});

testMpi(
  "train --dry-run of processes that a launcher has started describes them once",
  async (kind) => {
    const { stdout } = await mpirunTaskWell(kind, 2, "train", [...PLANNED, "--dry-run"]);
    assertEquals(stdout.match(/rank \d on .*, cpu, 1 thread\r?\n/g)!.length, 2);
  },
);
