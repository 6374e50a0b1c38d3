import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import type { Dataset } from "../../../core/data/dataset.ts";
import { datasetOf, withVariations } from "../../../core/data/mod.ts";
import { bytesOf, formatType, type Tensor } from "../../../core/engine/graph/tensor.ts";
import { RandomStream } from "../../../core/engine/random/random_stream.ts";
import { checkMethod } from "../../../core/method/load.ts";
import {
  type PartialConfiguration,
  resolveConfiguration,
} from "../../../core/method/resolve_configuration.ts";
import { listCheckpoints, loadCheckpoint } from "../../../core/train/checkpoint.ts";
import { readJsonLines } from "../../../core/train/log/json_lines.ts";
import type { PairEncoder } from "../../../core/train/pair_weighting.ts";
import { TrainingError } from "../../../core/train/run_guard.ts";
import { train } from "../../../core/train/train.ts";
import type { JudgedPairs, TrainEvent, TrainOptions } from "../../../core/train/train_options.ts";
import simsiam from "../../../plugins/simsiam/mod.ts";
import { PATCH_DIRECTION, patchMeans } from "./patch_means.ts";

const SIZE = 32;

/** Coloured noise: enough to train on, and no file is read. */
function noise(length: number): Dataset {
  return datasetOf("noise", length, (index) => ({
    key: `noise ${index}`,
    source: {
      kind: "rendered" as const,
      name: `noise ${index}`,
      render: (epoch: number) => {
        const random = new RandomStream(0, "noise", index, epoch);
        const data = Uint8Array.from({ length: SIZE * SIZE * 3 }, () => random.integer(256));
        return Promise.resolve({ width: SIZE, height: SIZE, data });
      },
    },
  }));
}

function options(output: string, changes: PartialConfiguration = {}): TrainOptions {
  return {
    method: checkMethod(simsiam, "simsiam"),
    configuration: resolveConfiguration({
      backbone: "resnet18",
      stem: "imagenet",
      imageSize: SIZE,
      views: "small",
      epochs: 4,
      batchSize: 8,
      device: "cpu",
      threads: 2,
      loaders: 1,
      schedulePer: "iteration",
      parameterRules: [{ pattern: "predictor", fixedLearningRate: true }],
      options: { projectorWidth: 32, projectorLayers: 2, predictorWidth: 16 },
      ...changes,
    }),
    dataset: noise(24),
    output,
  };
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Aborts once a number of steps has been taken. */
function stopAfter(steps: number): Pick<TrainOptions, "signal" | "report"> {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    report: (event: TrainEvent) => {
      if (event.kind === "step" && event.step === steps) controller.abort();
    },
  };
}

/** Tensors by what their bytes come down to: a failure names those that differ, and not their millions of elements. */
async function digests(tensors: ReadonlyMap<string, Tensor>): Promise<Record<string, string>> {
  const entries = [...tensors].map(async ([name, value]) => {
    const digest = await crypto.subtle.digest("SHA-256", bytesOf(value));
    return [name, `${formatType(value)} ${new Uint8Array(digest).toHex()}`];
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function finalState(folder: string) {
  const last = (await listCheckpoints(join(folder, "checkpoints"))).at(-1)!;
  const { model, optimizer, state } = await loadCheckpoint(last.path);
  return { step: state.step, model: await digests(model), optimizer: await digests(optimizer) };
}

/** A log without the times, which no two runs share. */
async function untimed(path: string) {
  return (await readJsonLines(path)).map(({ seconds: _s, waitSeconds: _w, ...record }) => record);
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
    const tuned = (output: string) => options(output, { autotune: true, epochs: 2 });
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
    await train({ ...options(parts, { epochs: 2 }), resume: "latest" });
    assertEquals(await finalState(parts), await finalState(whole));
  }));

Deno.test("train() overwrites no run", () =>
  inFolder(async (folder) => {
    const run = options(join(folder, "run"), { epochs: 1 });
    await train(run);
    await assertRejects(() => train(run), Deno.errors.AlreadyExists, "--resume latest");
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
    await assertRejects(() => train(tuned(occupied)), Deno.errors.AlreadyExists, "--resume latest");
    await assertRejects(
      () => train({ ...tuned(free), resume: "latest" }),
      Deno.errors.NotFound,
      "start it without --resume",
    );
    assertEquals(told, []);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["occupied"]);
  }));

Deno.test("train() resumes only with the configuration that the run began with", () =>
  inFolder(async (folder) => {
    const output = join(folder, "run");
    await train({ ...options(output), ...stopAfter(3) });
    const changed = options(output, { learningRate: 0.5, seed: 1 });
    await assertRejects(
      () => train({ ...changed, resume: "latest" }),
      TypeError,
      "learningRate was 0.05, found 0.5; seed was 0, found 1",
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

Deno.test("train() says when a data set is smaller than a batch", () =>
  inFolder(async (folder) => {
    await assertRejects(
      () => train({ ...options(join(folder, "run")), dataset: noise(7) }),
      RangeError,
      "it must have at least batchSize (8) samples, found 7",
    );
  }));

/** A network that looks at means of patches, as pairs are weighed by. */
Deno.test("train() cuts views from variations, tells the coverage, logs their share, and resumes bit for bit", () =>
  inFolder(async (folder) => {
    const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
    const [images, others] = [noise(24), noise(48)];
    // Every third image has none.
    const paths = Array.from({ length: 24 }, (_, i) => `noise ${i}.png`)
      .filter((_, i) => i % 3 > 0);
    const source = (path: string) => others.sample(24 + Number(/\d+/.exec(path))).source;
    const dataset = withVariations(images, { name: "others", paths, source });
    const given = (output: string) => ({
      ...options(output, { epochs: 2, variationProbability: 0.75, variationViews: [1] }),
      dataset,
    });
    const coverage: unknown[] = [];
    const report = (event: TrainEvent) => {
      if (event.kind === "start") coverage.push(event.coverage);
    };
    await train({ ...given(whole), report });
    assertEquals(coverage, [{ matched: 16, total: 24 }]);
    const shares = (await readJsonLines(join(whole, "steps.jsonl")))
      .map(({ generatedViews }) => Number(generatedViews));
    // Two epochs of three steps of eight pairs; of 16 views of 48 in an epoch three quarters are expected.
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    assertEquals(shares.length, 6);
    assert(Math.abs(mean - 0.75 * 16 / 48) < 0.08, `found shares ${shares}`);

    await train({ ...given(parts), ...stopAfter(4) });
    await train({ ...given(parts), resume: "latest" });
    assertEquals(await finalState(parts), await finalState(whole));
  }));

Deno.test("train() refuses views that there are not before it writes anything", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    await assertRejects(
      () => train(options(run, { variationViews: [2] })),
      RangeError,
      "variationViews must be in [0, 2), found 2",
    );
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

function pairEncoder(sharpness: number): PairEncoder {
  return { network: patchMeans(SIZE), direction: PATCH_DIRECTION, sharpness };
}

Deno.test("train() weighs pairs by an encoder, shows them every epoch, and resumes bit for bit", () =>
  inFolder(async (folder) => {
    const [plain, flat, weighed, parts] = ["plain", "flat", "weighed", "parts"].map((name) =>
      join(folder, name)
    ) as [string, string, string, string];
    const short = (output: string) => options(output, { epochs: 2 });
    await train(short(plain));
    await train({ ...short(flat), pairEncoder: pairEncoder(0) });
    // Weights of 1 change nothing.
    assertEquals(await finalState(flat), await finalState(plain));

    const shown: JudgedPairs[] = [];
    const pairsShown = {
      count: 3,
      show: (pairs: JudgedPairs) => Promise.resolve(void shown.push(pairs)),
    };
    await train({ ...short(weighed), pairEncoder: pairEncoder(20), pairsShown });
    const lossesOf = async (folder: string) =>
      (await readJsonLines(join(folder, "steps.jsonl"))).map(({ loss }) => Number(loss));
    const [even, uneven] = [await lossesOf(plain), await lossesOf(weighed)];
    assert(even.every((loss, i) => loss !== uneven[i]), `losses ${even} and ${uneven}`);
    assertEquals(shown.map(({ epoch }) => epoch), [0, 1]);
    assertEquals(shown[0]!.pictures.map(({ shape }) => shape), [[3, 32, 32, 3], [3, 32, 32, 3]]);
    const [step] = await readJsonLines(join(weighed, "steps.jsonl"));
    const largest = Number(step!["largestPairWeight"]);
    assert(largest > 1 && largest <= 8, `the largest weight is ${largest}`);
    assertEquals(largest, shown[0]!.weights.reduce((most, x) => Math.max(most, x)));

    const encoder = pairEncoder(20);
    await train({ ...short(parts), pairEncoder: encoder, ...stopAfter(4) });
    await train({ ...short(parts), pairEncoder: encoder, resume: "latest" });
    assertEquals(await finalState(parts), await finalState(weighed));
  }));
