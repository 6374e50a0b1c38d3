import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { listCheckpoints } from "../../core/weights/checkpoint/list.ts";
import { sharp } from "../../core/deps/sharp.ts";
import configuration from "../../deno.json" with { type: "json" };
import simsiam from "../../plugins/simsiam/manifest.json" with { type: "json" };
import { drawPictures } from "./square_pictures.ts";
import { inFolder } from "../in_folder.ts";
import { lastOfEach } from "./last_of_each.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** A network of 0.8 M parameters in place of the preset's. */
const SMALL = ["--backbone", "clip_vit_tiny_patch8_64", "--stem", "imagenet"];

/** The options of a run of three steps an epoch on the pictures in a folder. */
function tinyRun(folder: string): string[] {
  return [
    ...["--data", join(folder, "photos"), "--output", join(folder, "run")],
    ...["--preset", "cifar", ...SMALL, "--batch-size", "2", "--threads", "2"],
    ...["--options", '{"projectorWidth":32,"predictorWidth":16}', "--evaluate-every", "0"],
  ];
}

/** Starts the task as `deno task train` does, but is its parent: a test can send it signals. */
function startTrain(...args: string[]) {
  const [, ...words] = configuration.tasks["train"].command.split(" ");
  const child = new Deno.Command(Deno.execPath(), {
    args: [...words, ...lastOfEach(args)],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let err = "";
  let told = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      err += text;
      told.resolve();
      told = Promise.withResolvers<void>();
    }
    told.resolve();
  })();
  const reached = async (text: string): Promise<void> => {
    let ended = false;
    const end = child.status.then(() => void (ended = true));
    while (!err.includes(text)) {
      assert(!ended, `the task ended without "${text}":\n${err}`);
      await Promise.race([told.promise, end]);
    }
  };
  const finish = async () => {
    const [out, { code }] = await Promise.all([
      new Response(child.stdout).text(),
      child.status,
      reading,
    ]);
    return { code, out, err };
  };
  return {
    interrupt: () => child.kill("SIGINT"),
    terminate: () => child.kill("SIGTERM"),
    reached,
    finish,
  };
}

const wait = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

Deno.test("train saves at a Ctrl-C that comes again within milliseconds and at SIGTERM, and goes on from there or in another folder", () =>
  inFolder(async (folder) => {
    await drawPictures(join(folder, "photos"));
    const long = ["--epochs", "100000", "--checkpoint-every", "100000"];
    const first = startTrain(...tinyRun(folder), ...long);
    await first.reached("epoch 1:");
    first.interrupt();
    await first.reached("stopping after this step; press Ctrl-C again to end at once");
    // The one that `deno task` hands on comes within a millisecond or some: before and after the first is dealt with.
    for (let repeat = 0; repeat < 20; repeat++) {
      await wait(1);
      first.interrupt();
    }
    const stopped = await first.finish();
    assertEquals(stopped.code, 0, stopped.err);
    const step = Number(/stopped after (\d+) steps/.exec(stopped.out)?.[1]);
    const saved = (await listCheckpoints(join(folder, "run", "checkpoints"))).at(-1)!;
    assertEquals(saved.step, step);

    for (const [output, checkpoint] of [["other", saved.path], ["run", "latest"]] as const) {
      const again = startTrain("--output", join(folder, output), "--resume", checkpoint);
      await again.reached(`from step ${step}`);
      await again.reached("epoch ");
      // What a scheduler sends before it kills saves as well.
      again.terminate();
      const { code, out, err } = await again.finish();
      assertEquals(code, 0, err);
      assertStringIncludes(out, "stopped after");
    }
  }));

/** The error of a run that is refused. */
async function refusal(...args: string[]): Promise<string> {
  const { code, err } = await startTrain(...args).finish();
  assertEquals(code, 1, err);
  return err;
}

Deno.test("train says which file it cannot read, and refuses another method or preset on a resume", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    const missing = join(folder, "missing.json");
    assertStringIncludes(
      await refusal("--config", missing),
      `error: Cannot read configuration ${missing}:`,
    );
    const path = join(folder, "manifest.json");
    const other = { ...simsiam, name: "other", entry: "./mod.ts" };
    await Deno.writeTextFile(path, JSON.stringify(other));
    await Deno.writeTextFile(
      join(folder, "mod.ts"),
      `export default { manifest: ${JSON.stringify(other)}, build: () => {} };`,
    );
    await Deno.mkdir(run);
    const description = { method: "simsiam", configuration: simsiam.presets["cifar"] };
    await Deno.writeTextFile(join(run, "configuration.json"), JSON.stringify(description));
    const resume = ["--output", run, "--resume", "latest"];
    assertStringIncludes(
      await refusal(...resume, "--method", path),
      "error: Cannot resume: --method must be the run's, which is simsiam, found other",
    );
    const photos = join(folder, "photos");
    await drawPictures(photos);
    assertStringIncludes(
      await refusal(...resume, "--preset", "imagenet", "--data", photos, "--batch-size", "2"),
      'error: Cannot resume: these options differ from the original run: --data was "emoji-google", found',
    );
    assertStringIncludes(
      await refusal(...resume, "--preset", "cifar", "--method", "simsiam", "--data", missing),
      "error: Cannot open data",
    );
  }));

Deno.test("train on a folder of a hundred photos lowers the preset's batch, and prints what to do next", () =>
  inFolder(async (folder) => {
    const photos = join(folder, "photos");
    await Deno.mkdir(photos);
    for (let i = 0; i < 100; i++) {
      const background = { r: 2 * i, g: 255 - 2 * i, b: 7 * i % 255 };
      await sharp({ create: { width: 40, height: 40, channels: 3, background } })
        .png().toFile(join(photos, `${i}.png`));
    }
    const output = join(folder, "run");
    const { code, out, err } = await startTrain(
      ...["--preset", "cifar", ...SMALL, "--data", photos, "--epochs", "1", "--output", output],
    ).finish();
    assertEquals(code, 0, err);
    assertStringIncludes(err, "the data set, which has 100: batches have 32 (--batch-size)");
    for (
      const next of [
        `deno task evaluate ${output}`,
        `deno task export ${output} backbone.safetensors`,
        `deno task train --output ${output} --resume latest --epochs 2`,
      ]
    ) assertStringIncludes(out, next);
  }));
