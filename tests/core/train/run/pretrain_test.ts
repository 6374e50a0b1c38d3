import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { FolderLock } from "../../../../core/files/folder_lock.ts";
import { backboneStateDict } from "../../../../core/encoders/export_backbone.ts";
import { bytesOf } from "../../../../core/engine/graph/tensor.ts";
import type { PartialConfiguration } from "../../../../core/method/resolve_configuration.ts";
import { openRun } from "../../../../core/train/run/open_run.ts";
import { pretrain, type PretrainOptions } from "../../../../core/train/run/pretrain.ts";
import { readDescription } from "../../../../core/train/run/run_description.ts";
import type { TrainEvent } from "../../../../core/train/run/train_event.ts";
import { writeSafetensors } from "../../../../core/weights/safetensors.ts";
import manifest from "../../../../plugins/simsiam/manifest.json" with { type: "json" };
import { bundledMethods } from "../../../../plugins/mod.ts";
import { drawPictures } from "../../../tasks/square_pictures.ts";
import { inFolder } from "../../../in_folder.ts";

/** Options of a run of one step an epoch on six pictures. */
function small(folder: string, changes: PartialConfiguration = {}): PretrainOptions {
  return {
    output: join(folder, "run"),
    preset: "cifar",
    configuration: {
      data: join(folder, "photos"),
      backbone: "clip_vit_tiny_patch8_64",
      stem: "imagenet",
      epochs: 1,
      batchSize: 4,
      threads: 2,
      loaders: 1,
      device: "cpu",
      options: { projectorWidth: 16, predictorWidth: 8 },
      ...changes,
    },
  };
}

async function run(options: PretrainOptions) {
  const events: TrainEvent[] = [];
  const report = (event: TrainEvent) => void events.push(event);
  const result = await pretrain(options, { methods: bundledMethods, report });
  const notes = events.flatMap((event) => event.kind === "note" ? [event.message] : []);
  const warnings = events.flatMap((event) => event.kind === "warning" ? [event.message] : []);
  const start = events.find((event) => event.kind === "start")!;
  return { result, notes, warnings, start };
}

Deno.test("pretrain() resumes with the very options that a run began with, and lengthens it", () =>
  inFolder(async (folder) => {
    await drawPictures(join(folder, "photos"));
    const options = small(folder, { epochs: 2 });
    assertEquals((await run(options)).result.step, 2);
    const events = join(options.output, "tensorboard");
    const [file] = [...Deno.readDirSync(events)];
    const logged = new TextDecoder("latin1").decode(await Deno.readFile(join(events, file!.name)));
    assert(logged.includes("train/views") && logged.includes("PNG"), "the first views are drawn");
    // The options override the preset, and still are the run's.
    const again = await run({ ...options, resume: "latest" });
    assertEquals([again.result.step, again.start.resumedAt, again.start.changes], [2, 2, []]);
    await assertRejects(
      () => run({ ...small(folder, { epochs: 2, batchSize: 2 }), resume: "latest" }),
      TypeError,
      "Cannot resume: these options differ from the original run: --batch-size was 4, found 2; only",
    );
    await assertRejects(
      () => run({ ...options, preset: "imagenet", resume: "latest" }),
      TypeError,
      "--image-size was 32, found 224",
    );
    await assertRejects(() => run(options), Deno.errors.AlreadyExists, "resume it");
    // Without a preset, what is given changes the run's own configuration.
    const output = options.output;
    const longer = await run({ output, configuration: { epochs: 3 }, resume: "latest" });
    assertEquals([longer.result.step, longer.result.finished], [3, true]);
    assertEquals(longer.start.changes, [{ step: 2, name: "epochs", from: 2, to: 3 }]);
  }));

Deno.test("pretrain() lowers a preset's batch to the data and says so, also when it is resumed", () =>
  inFolder(async (folder) => {
    await drawPictures(join(folder, "photos"));
    const { configuration: { batchSize: _, ...configuration } = {}, ...rest } = small(folder);
    const options = { ...rest, configuration };
    const first = await run(options);
    assertEquals(first.start.configuration.batchSize, 2);
    const [note] = first.notes;
    assertStringIncludes(
      note!,
      "the preset's batch of 512 images is larger than the data set, which has 6: batches have 2",
    );
    assertStringIncludes(note!, "the learning rate is 0.000234 in place of 0.0600");
    const again = await run({ ...options, resume: "latest" });
    assertEquals([again.result.step, again.start.changes], [3, []]);
    // What the user has chosen is not changed.
    await assertRejects(
      () => run({ ...small(folder, { batchSize: 512 }), output: join(folder, "other") }),
      RangeError,
      "(--batch-size 512), found 6",
    );
  }));

Deno.test("pretrain() resumes a run of an outside plugin by the address that the run keeps", () =>
  inFolder(async (folder) => {
    await drawPictures(join(folder, "photos"));
    const plugin = join(folder, "plugin");
    await Deno.mkdir(plugin);
    const own = { ...manifest, name: "own", entry: "./mod.ts" };
    await Deno.writeTextFile(join(plugin, "manifest.json"), JSON.stringify(own));
    const simsiam = new URL("../../../../plugins/simsiam/mod.ts", import.meta.url);
    await Deno.copyFile(simsiam, join(plugin, "mod.ts"));
    const options = small(folder);
    await run({ ...options, method: join(plugin, "manifest.json") });
    const { method, address } = await readDescription(options.output);
    assertEquals(
      [method, address],
      ["own", pathToFileURL(join(plugin, "manifest.json")).href],
    );
    const again = await run({ output: options.output, resume: "latest" });
    assertEquals([again.result.step, again.start.method.name], [1, "own"]);
    assertEquals(again.warnings, []);
    // Another place and a manifest that has changed since are named.
    const changed = { ...own, version: "9.0.0" };
    const moved = join(folder, "moved");
    await Deno.mkdir(moved);
    await Deno.writeTextFile(join(moved, "manifest.json"), JSON.stringify(changed));
    await Deno.copyFile(simsiam, join(moved, "mod.ts"));
    const updated = await run({
      output: options.output,
      resume: "latest",
      method: join(moved, "manifest.json"),
    });
    const [place, code, ...others] = updated.warnings;
    const addresses = [plugin, moved].map((at) => pathToFileURL(join(at, "manifest.json")).href);
    assertEquals(place, `The run began with SimSiam from ${addresses[0]}, found ${addresses[1]}`);
    assertStringIncludes(
      code!,
      "The code of SimSiam has changed since the checkpoint was written (SHA-256 ",
    );
    assertEquals(others, []);
    // Another run from its checkpoint finds it as well.
    const checkpoint = again.result.checkpoint;
    const other = await run({ output: join(folder, "other"), resume: checkpoint });
    assertEquals(other.start.method.name, "own");
    // Without a checkpoint of its own, as after a kill right at its start, it begins with that one again.
    await Deno.remove(join(folder, "other", "checkpoints"), { recursive: true });
    const restarted = await run({ output: join(folder, "other"), resume: "latest" });
    assertEquals(restarted.start.resumedAt, 1);
    await assertRejects(
      () => run({ output: options.output, resume: "latest", method: "simsiam" }),
      TypeError,
      "--method must be the run's, which is own, found simsiam",
    );
  }));

Deno.test("pretrain() starts with weights of a run, or of another program with a prefix, and says what it read", () =>
  inFolder(async (folder) => {
    await drawPictures(join(folder, "photos"));
    // A network with statistics of batch norm, which other programs write as well.
    const network = { backbone: "resnet18" };
    const first = small(folder, network);
    await run(first);
    const { checkpoint } = await openRun(first.output);
    const trained = backboneStateDict(checkpoint.model);

    // At a learning rate of next to nothing the weights stay as they were read.
    const still = { ...network, learningRate: 1e-30, weightDecay: 0, epochs: 1 };
    const file = join(folder, "moco.safetensors");
    const foreign = [...trained].filter(([name]) => name !== "bn1.bias")
      .map(([name, value]) => [`module.encoder_q.${name}`, value] as const);
    await writeSafetensors(file, [...foreign, ["module.queue", trained.get("bn1.bias")!]]);
    for (const from of [first.output, file]) {
      const output = join(folder, from === file ? "from-file" : "from-run");
      const { notes } = await run({ ...small(folder, still), output, from });
      const [note] = notes;
      assertStringIncludes(note!, `starts with `);
      if (from === file) {
        assertStringIncludes(note!, 'prefix "module.encoder_q." taken off');
        assertStringIncludes(note!, "missing: bn1.bias");
        assertStringIncludes(note!, "unused: module.queue");
      }
      const after = backboneStateDict((await openRun(output)).checkpoint.model);
      for (const [name, value] of trained) {
        if (/running_|num_batches/.test(name) || (from === file && name === "bn1.bias")) continue;
        assertEquals(bytesOf(after.get(name)!), bytesOf(value), name);
      }
      assertEquals((await readDescription(output)).from, from);
      // The weights are the run's: it resumes with them named or not.
      const again = await run({ ...small(folder, still), output, from, resume: "latest" });
      assert(again.notes.every((each) => !each.includes("starts with")));
      await assertRejects(
        () => run({ output, from: join(folder, "photos"), resume: "latest" }),
        TypeError,
        "--from must be what the run started with",
      );
    }
    await assertRejects(
      () => run({ ...small(folder), output: join(folder, "none"), from: join(folder, "none.pth") }),
      Deno.errors.NotFound,
      "none.pth",
    );
    const both = {
      output: join(folder, "both"),
      from: file,
      resume: join(folder, "run", "checkpoints", "x"),
    };
    await assertRejects(() => run(both), TypeError, "leave one out");
  }));

Deno.test("pretrain() starts with the heads of a checkpoint where that is asked for, and remembers it", () =>
  inFolder(async (folder) => {
    await drawPictures(join(folder, "photos"));
    const first = small(folder);
    await run(first);
    const trained = (await openRun(first.output)).checkpoint.model;
    const still = { learningRate: 1e-30, weightDecay: 0, epochs: 1 };
    for (const fromHeads of [false, true]) {
      const output = join(folder, `heads-${fromHeads}`);
      const { notes } = await run({
        ...small(folder, still),
        output,
        from: first.output,
        fromHeads,
      });
      assertEquals(notes.some((note) => note.includes("of heads and moving averages")), fromHeads);
      const after = (await openRun(output)).checkpoint.model;
      for (const name of ["projector.fc0.weight", "predictor.fc1.weight"]) {
        const same = bytesOf(after.get(name)!).every((byte, i) =>
          byte === bytesOf(trained.get(name)!)[i]
        );
        assertEquals(same, fromHeads, name);
      }
      assertEquals((await readDescription(output)).fromHeads, fromHeads ? true : undefined);
    }
    await assertRejects(
      () => run({ ...small(folder), output: join(folder, "none"), fromHeads: true }),
      TypeError,
      "--from-heads is about the weights of --from",
    );
    await assertRejects(
      () =>
        run({
          output: join(folder, "heads-false"),
          from: first.output,
          fromHeads: true,
          resume: "latest",
        }),
      TypeError,
      "--from-heads must be as the run started",
    );
  }));

Deno.test("pretrain() refuses a folder in which another process is at work before it opens anything", () =>
  inFolder(async (folder) => {
    // Neither the data nor the encoder are there: whoever opened one of them would say so.
    const options = small(folder, { data: join(folder, "none"), qualityEncoder: "none" });
    using _lock = await FolderLock.acquire(options.output);
    await assertRejects(() => run(options), Deno.errors.AlreadyExists, "is at work there");
  }));

Deno.test("pretrain() leaves no folder behind when it is refused", () =>
  inFolder(async (folder) => {
    const options = small(folder, { data: join(folder, "none") });
    await assertRejects(() => run(options), TypeError, "Cannot open data");
    assertEquals([...Deno.readDirSync(folder)], []);
  }));
