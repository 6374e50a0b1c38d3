import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { UnreadableImageError } from "../../../../core/data/decode/unreadable_image_error.ts";
import { datasetOf, type ImageSource } from "../../../../core/data/mod.ts";
import { loadCheckpoint } from "../../../../core/weights/checkpoint/checkpoint.ts";
import { listCheckpoints } from "../../../../core/weights/checkpoint/list.ts";
import { readJsonLines } from "../../../../core/files/json_lines.ts";
import { viewRecipes } from "../../../../core/data/views/named_views.ts";
import type { ConfigurationChange } from "../../../../core/train/run/check_resumable.ts";
import { readDescription } from "../../../../core/train/run/run_description.ts";
import { TrainingError } from "../../../../core/train/run/run_guard.ts";
import { train } from "../../../../core/train/run/train.ts";
import type { TrainEvent } from "../../../../core/train/run/train_event.ts";
import { methodOf } from "../small_methods.ts";
import { noise, options, SIZE, stopAfter } from "../small_run.ts";
import { finalState } from "./final_state.ts";
import { inFolder } from "../../../in_folder.ts";

/** A log without the times, which no two runs share. */
async function untimed(path: string) {
  return (await readJsonLines(path)).map((
    { seconds: _s, waitSeconds: _w, memoryMegabytes: _m, ...record },
  ) => record);
}

Deno.test("train() resumed after two epochs, and in the middle of the third, equals a run in one go bit for bit", () =>
  inFolder(async (folder) => {
    const whole = join(folder, "whole");
    const parts = join(folder, "parts");
    const result = await train(options(whole));
    assertEquals([result.step, result.finished], [12, true]);

    const first = await train({ ...options(parts), ...stopAfter(6) });
    assertEquals([first.step, first.finished], [6, false]);
    const second = await train({ ...options(parts), ...stopAfter(8), resume: "latest" });
    assertEquals([second.step, second.finished], [8, false]);
    const third = await train({ ...options(parts), resume: second.checkpoint });
    assertEquals([third.step, third.finished], [12, true]);

    assertEquals(await finalState(parts), await finalState(whole));
    assertEquals(
      await untimed(join(parts, "steps.jsonl")),
      await untimed(join(whole, "steps.jsonl")),
    );
    assertEquals(
      await untimed(join(parts, "epochs.jsonl")),
      await untimed(join(whole, "epochs.jsonl")),
    );
  }));

Deno.test("train() counts the images that it could not read, in each epoch and in all", () =>
  inFolder(async (output) => {
    const good = noise(24);
    const broken = (name: string): ImageSource => ({
      kind: "rendered",
      name,
      render: () => Promise.reject(new UnreadableImageError(name, "it is torn")),
    });
    const sample = (index: number) =>
      index === 5 ? { key: "torn", source: broken("torn") } : good.sample(index);
    const told: number[] = [];
    const result = await train({
      ...options(output, { epochs: 2 }),
      dataset: datasetOf("torn", 24, sample),
      report: (event) => void (event.kind === "epoch" && told.push(event.skipped)),
    });
    const logged = (await readJsonLines(join(output, "epochs.jsonl"))).map(({ skipped }) =>
      skipped
    );
    assertEquals(logged, [undefined, ...told]);
    assert(told.every((count) => count > 0), `${told}`);
    assertEquals(result.skipped, told[0]! + told[1]!);
  }));

Deno.test("train() takes views of several sizes", () =>
  inFolder(async (output) => {
    const [large] = viewRecipes({ views: "small", imageSize: SIZE });
    const [small] = viewRecipes({ views: "small", imageSize: SIZE / 2 });
    const sizes: number[] = [];
    const multiCrop = methodOf((context) => {
      const { ops, losses, views, pairWeights } = context;
      sizes.push(...views.map(({ shape }) => shape[2]!));
      const { backbone } = context.encoder("online");
      const [target, ...others] = views.map((view) => ops.l2Normalize(backbone(view)));
      const similarities = others.map((other) =>
        ops.reduceSum(ops.mul(target!, other), { axes: [1] })
      );
      const sum = similarities.reduce((a, b) => ops.add(a, b));
      return { loss: losses.weightedMean(ops.neg(sum), pairWeights), embeddings: target! };
    });
    const result = await train({
      ...options(output, {
        views: [large!, large!, small!, small!],
        epochs: 1,
        options: {},
        parameterRules: [],
      }),
      method: multiCrop,
    });
    assertEquals(result.finished, true);
    assertEquals(sizes.slice(0, 4), [32, 32, 16, 16]);
    const losses = (await readJsonLines(join(output, "steps.jsonl"))).map(({ loss }) => loss);
    assert(losses.every((loss) => Number(loss) < 0 && Number(loss) >= -3), `${losses}`);
  }));

Deno.test("train() resumes a run only from its last checkpoint, and starts another from any, bit for bit", () =>
  inFolder(async (folder) => {
    const [whole, other] = [join(folder, "whole"), join(folder, "other")];
    const short = (output: string) => options(output, { epochs: 2, keepCheckpoints: 9 });
    await train({ ...short(whole), ...stopAfter(2) });
    await train({ ...short(whole), resume: "latest" });
    const log = await Deno.readTextFile(join(whole, "steps.jsonl"));
    const [early] = await listCheckpoints(join(whole, "checkpoints"));
    assertEquals(early!.step, 2);
    await assertRejects(
      () => train({ ...short(whole), resume: early!.path }),
      RangeError,
      "from step 2: it must be its last checkpoint, found",
    );
    assertEquals(await Deno.readTextFile(join(whole, "steps.jsonl")), log);

    await train({ ...short(other), resume: early!.path, ...stopAfter(3) });
    const saved = (await listCheckpoints(join(other, "checkpoints"))).map(({ step }) => step);
    assertEquals(saved, [2, 3]);
    await assertRejects(
      () => train({ ...short(other), resume: early!.path }),
      Deno.errors.AlreadyExists,
    );
    await train({ ...short(other), resume: "latest" });
    assertEquals(await finalState(other), await finalState(whole));
    assertEquals(
      await untimed(join(other, "steps.jsonl")),
      (await untimed(join(whole, "steps.jsonl"))).slice(2),
    );
    assertEquals((await readDescription(other)).startedFrom, early!.path);
  }));

Deno.test("train() asks for metrics before the first epoch and after every epoch that is due", () =>
  inFolder(async (folder) => {
    const asked: number[] = [];
    await train({
      ...options(join(folder, "run"), { epochs: 3, evaluateEvery: 2 }),
      evaluate: ({ epoch, weights }) => {
        assert(weights.has("backbone.conv1.weight"));
        asked.push(epoch);
        return Promise.resolve({ accuracy: epoch / 10 });
      },
    });
    assertEquals(asked, [0, 2, 3]);
    const epochs = await readJsonLines(join(folder, "run", "epochs.jsonl"));
    assertEquals(epochs.map(({ epoch, accuracy }) => [epoch, accuracy]), [
      [0, 0],
      [1, undefined],
      [2, 0.2],
      [3, 0.3],
    ]);
  }));

Deno.test("train() times convolutions where no run has been, and a resumed run keeps the choices bit for bit", () =>
  inFolder(async (folder) => {
    const runs = join(folder, "new", "runs");
    const [first, whole, parts] = ["first", "whole", "parts"].map((name) => join(runs, name)) as [
      string,
      string,
      string,
    ];
    // A network of many convolutions, each of which has formulations to choose from.
    const network = { backbone: "resnet18", epochs: 2 };
    const tuned = (output: string) => options(output, { ...network, autotune: true });
    const stop = stopAfter(1);
    const asked: number[] = [];
    const report = (event: TrainEvent) => {
      if (event.kind === "tuning") asked.push(event.done);
      stop.report!(event);
    };
    assertEquals((await train({ ...tuned(first), ...stop, report })).step, 1);
    const path = join(runs, "convolutions.json");
    const table = JSON.parse(await Deno.readTextFile(path));
    assert(asked.length > 0);
    assertEquals(Object.keys(table.choices).length, asked.length);

    const choose = async (weightGradient: string) => {
      const choices = Object.fromEntries(
        Object.entries(table.choices as Record<string, object>).map(([key, choice]) => [
          key,
          { ...choice, weightGradient },
        ]),
      );
      await Deno.writeTextFile(path, JSON.stringify({ ...table, choices }));
    };
    // What no run would choose by itself, then something else: the table is any run's to change.
    await choose("columns");
    await train(tuned(whole));
    await train({ ...tuned(parts), ...stopAfter(2) });
    await choose("taps");
    await train({ ...tuned(parts), ...stopAfter(4), resume: "latest" });
    await train({ ...options(parts, network), resume: "latest" });
    assertEquals(await finalState(parts), await finalState(whole));
  }));

Deno.test("train() looks at the output folder before it times or writes anything", () =>
  inFolder(async (folder) => {
    const [occupied, free] = [join(folder, "occupied"), join(folder, "free")];
    await Deno.mkdir(occupied);
    await Deno.writeTextFile(join(occupied, "configuration.json"), "{}");
    const told: TrainEvent[] = [];
    const tuned = (output: string) => ({
      ...options(output, { autotune: true }),
      report: (event: TrainEvent) => told.push(event),
    });
    await assertRejects(() => train(tuned(occupied)), Deno.errors.AlreadyExists, "resume it");
    await assertRejects(
      () => train({ ...tuned(free), resume: "latest" }),
      Deno.errors.NotFound,
      "start a run there instead",
    );
    assertEquals(told, []);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["occupied"]);
  }));

Deno.test("train() resumes only with the configuration that the run began with", () =>
  inFolder(async (folder) => {
    const output = join(folder, "run");
    await train({ ...options(output), ...stopAfter(3) });
    const changed = options(output, { learningRate: 0.5, weightDecay: 0.5, seed: 1 });
    await assertRejects(
      () => train({ ...changed, resume: "latest" }),
      TypeError,
      "options differ from the original run: --weight-decay was 0.0001, found 0.5; --seed was 0, found 1; only",
    );
    await assertRejects(
      () => train({ ...options(output), dataset: noise(32), resume: "latest" }),
      TypeError,
      "the data set had 24 samples, found 32",
    );
  }));

Deno.test("train() stops at a loss that is no number and keeps the checkpoint before it", () =>
  inFolder(async (folder) => {
    const output = join(folder, "run");
    await train({ ...options(output), ...stopAfter(3) });
    const path = (await listCheckpoints(join(output, "checkpoints")))[0]!.path;
    const broken = options(join(folder, "broken"), { learningRate: 1e30, epochs: 2 });
    await assertRejects(() => train(broken), TrainingError, "the loss is");
    assertEquals((await loadCheckpoint(path)).state.step, 3);
  }));

Deno.test("train() goes on after a loss that is no number, with the remedies that the error names", () =>
  inFolder(async (output) => {
    await train({ ...options(output), ...stopAfter(3) });
    const before = await Deno.readTextFile(join(output, "configuration.json"));
    const broken = { ...options(output, { learningRate: 1e30 }), resume: "latest" };
    await assertRejects(
      () => train(broken),
      TrainingError,
      "--learning-rate, --warmup-epochs, --clip",
    );
    const last = (await readJsonLines(join(output, "steps.jsonl"))).at(-1)!;
    assert(![last["loss"], last["gradientNorm"]].every(Number.isFinite), JSON.stringify(last));
    const remedy = {
      learningRate: 0.01,
      minimumLearningRate: 1e-4,
      warmupEpochs: 2,
      clipGradientNorm: 1,
    };
    const told: unknown[] = [];
    const result = await train({
      ...options(output, remedy),
      resume: "latest",
      report: (event) => void (event.kind === "start" && told.push(...event.changes)),
    });
    assertEquals([result.step, result.finished], [12, true]);
    const losses = (await readJsonLines(join(output, "steps.jsonl"))).map(({ loss }) => loss);
    assert(losses.length === 12 && losses.every(Number.isFinite), `${losses}`);

    // The rate of the run that broke is none of these: it went on from the same checkpoint.
    const changes = [
      { step: 3, name: "learningRate", from: 0.05, to: 0.01 },
      { step: 3, name: "clipGradientNorm", from: 0, to: 1 },
      { step: 3, name: "warmupEpochs", from: 0, to: 2 },
      { step: 3, name: "minimumLearningRate", from: 0, to: 1e-4 },
    ];
    assertEquals(told, changes);
    const { configuration, ...description } = await readDescription(output);
    assertEquals(description, { method: "simsiam", changes });
    assertEquals(configuration, { ...JSON.parse(before).configuration, ...remedy });
    // A later change leaves what was said of the earlier ones.
    await train({ ...options(output, { ...remedy, learningRate: 0.02 }), resume: "latest" });
    assertEquals((await readDescription(output)).changes, [
      ...changes,
      { step: 12, name: "learningRate", from: 0.01, to: 0.02 },
    ]);
  }));

Deno.test("train() lengthens a finished run, with its schedules over the new length", () =>
  inFolder(async (folder) => {
    const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
    const constant = (output: string, epochs: number) =>
      options(output, { epochs, schedule: "constant" });
    await train(constant(whole, 3));
    const short = await train(constant(parts, 2));
    assertEquals([short.step, short.finished], [6, true]);
    const changes: ConfigurationChange[] = [];
    const long = await train({
      ...constant(parts, 3),
      resume: "latest",
      report: (event) => void (event.kind === "start" && changes.push(...event.changes)),
    });
    assertEquals([long.step, long.finished], [9, true]);
    assertEquals(changes, [{ step: 6, name: "epochs", from: 2, to: 3 }]);
    assertEquals((await readDescription(parts)).changes, changes);
    // A constant schedule does not depend on the length.
    assertEquals(await finalState(parts), await finalState(whole));

    await assertRejects(
      () => train({ ...constant(parts, 1), resume: "latest" }),
      TypeError,
      "at least as long as what was trained, 9 steps, found --epochs 1, which is 3 steps",
    );
    const rates: number[] = [];
    const cosine = join(folder, "cosine");
    await train(options(cosine, { epochs: 2 }));
    await train({
      ...options(cosine, { epochs: 4 }),
      resume: "latest",
      report: (event) => void (event.kind === "step" && rates.push(event.learningRate)),
    });
    // Step 6 of 12 is half way down the cosine.
    assertEquals(rates[0], 0.05 * 8 / 256 / 2);
  }));

Deno.test("train() saves within an epoch once so many minutes have gone by", () =>
  inFolder(async (folder) => {
    const [often, never] = [join(folder, "often"), join(folder, "never")];
    const saved = async (output: string, checkpointMinutes: number) => {
      const steps: number[] = [];
      await train({
        ...options(output, { epochs: 2, checkpointEvery: 2, checkpointMinutes }),
        report: (event) => void (event.kind === "checkpoint" && steps.push(event.step)),
      });
      return steps;
    };
    assertEquals(await saved(never, 0), [6]);
    assertEquals(await saved(often, 1e-9), [1, 2, 3, 4, 5, 6]);
    assertEquals(await finalState(often), await finalState(never));
  }));
