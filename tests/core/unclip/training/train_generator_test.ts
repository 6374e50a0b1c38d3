import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type Dataset, smallImageView, viewLoader } from "../../../../core/data/mod.ts";
import { datasetOf, fileSource } from "../../../../core/data/dataset_of.ts";
import { generatorSamples } from "../../../../core/unclip/training/samples.ts";
import { TrainingImages } from "../../../../core/unclip/training/training_images.ts";
import { UnclipPipeline } from "../../../../core/unclip/mod.ts";
import {
  trainGenerator,
  type TrainGeneratorOptions,
} from "../../../../core/unclip/training/train_generator.ts";
import { checkpointOf } from "../../../../core/unclip/training/exported_encoder.ts";
import type { StageEvent } from "../../../../core/unclip/training/stage_event.ts";
import { readJsonLines } from "../../../../core/files/json_lines.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";
import { inFolder } from "../../../in_folder.ts";
import { digestsOf } from "../../../tasks/rank_task.ts";
import { saveClipRun } from "../../encoders/saved_clip_run.ts";
import { relativeError } from "../../engine/nn/relative_error.ts";
import { tenEmoji, TINY, tinyTraining } from "./tiny_generator.ts";

const NETWORKS = ["vae", "unet", "text_encoder", "image_normalizer"];

/** The files of a generator's weights. */
async function weightsOf(folder: string): Promise<Record<string, Uint8Array>> {
  const entries = await Promise.all(NETWORKS.map(async (network) => {
    for await (const { name } of Deno.readDir(`${folder}/${network}`)) {
      if (!name.endsWith(".safetensors")) continue;
      return [network, await Deno.readFile(`${folder}/${network}/${name}`)] as const;
    }
    throw new Error(`no weights of the ${network}`);
  }));
  return Object.fromEntries(entries);
}

const KILLED = new URL("./programs/killed_generator.ts", import.meta.url);

/** Names of a stage's checkpoints. */
async function checkpointsOf(stage: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(`${stage}/checkpoints`), ({ name }) => name);
  return names.sort();
}

/** Trains until an event, stops, and goes on, until it is finished; how often it was stopped. */
async function trainInPieces(
  options: TrainGeneratorOptions,
  every: number,
): Promise<{ readonly folder: string; readonly stops: number }> {
  for (let stops = 0;; stops++) {
    const abort = new AbortController();
    let events = 0;
    const { finished, folder } = await trainGenerator({
      ...options,
      resume: true,
      signal: abort.signal,
      report: ({ kind }) => {
        if ((kind === "step" || kind === "encode") && ++events === every) abort.abort();
      },
    });
    if (finished) return { folder: folder!, stops };
  }
}

Deno.test("a generator that is stopped and resumed is the same, bit for bit", () =>
  inFolder(async (root) => {
    const options = await tinyTraining(root);
    const { folder } = await trainGenerator(options);
    const whole = await weightsOf(folder!);
    const output = `${root}/in-pieces`;
    const pieces = await trainInPieces({ ...options, output }, 3);
    assert(pieces.stops >= 3, `it was stopped ${pieces.stops} times`);
    assertEquals(await weightsOf(pieces.folder), whole);
    const steps = await readJsonLines(`${output}/unet/steps.jsonl`);
    assertEquals(steps.map(({ step }) => step), [1, 2, 3, 4, 5]);
    using pipeline = await UnclipPipeline.create(folder!, { batchSize: 1, steps: 2 });
    assertEquals(pipeline.latentShape, [4, 8, 8]);
  }));

/** Trains in a process that is killed at an event. */
async function trainUntilKilled(imageEncoder: string, output: string, end: string): Promise<void> {
  const permissions = ["--allow-read", "--allow-write", "--allow-ffi", "--allow-env"];
  const { signal, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-check", "--no-prompt", ...permissions, "--allow-sys", "--allow-run"],
      ...[KILLED.pathname, imageEncoder, output, end],
    ],
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(signal, "SIGKILL", new TextDecoder().decode(stderr));
}

Deno.test("a generator whose process is killed in each stage and resumed is the same, bit for bit", () =>
  inFolder(async (root) => {
    const options = await tinyTraining(root);
    const { folder } = await trainGenerator(options);
    const output = `${root}/killed`;
    for (const end of ["autoencoder 3", "encode 20", "unet 4"]) {
      await trainUntilKilled(options.imageEncoder, output, end);
    }
    assertEquals(await checkpointsOf(`${output}/autoencoder`), [
      "step-000000004",
      "step-000000005",
    ]);
    assertEquals(await checkpointsOf(`${output}/unet`), ["step-000000002", "step-000000003"]);
    // What processes that are killed leave where they write files and folders.
    const left = [`${output}/.genview-01234567.tmp`, `${output}/latents/.genview-89abcdef.tmp`];
    await Deno.mkdir(left[0]!);
    await Deno.writeTextFile(`${left[0]}/config.json`, "{");
    await Deno.writeTextFile(left[1]!, "");
    const resumed = await trainGenerator({ ...options, output, resume: true });
    assertEquals(await weightsOf(resumed.folder!), await weightsOf(folder!));
    for (const path of left) await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
    for (const stage of ["autoencoder", "unet"]) {
      const steps = await readJsonLines(`${output}/${stage}/steps.jsonl`);
      const losses = await readJsonLines(`${options.output}/${stage}/steps.jsonl`);
      assertEquals(steps.map(({ loss }) => loss), losses.map(({ loss }) => loss));
    }
  }));

Deno.test("an image encoder is exported from a checkpoint first, and once", () =>
  inFolder(async (root) => {
    const options = await tinyTraining(root);
    await saveClipRun(`${root}/pretraining`, 16);
    const imageEncoder = (await checkpointOf(`${root}/pretraining`))!;
    assertEquals(imageEncoder, `${root}/pretraining/checkpoints/step-000000005`);
    assertEquals(await checkpointOf(imageEncoder), imageEncoder);
    assertEquals(await checkpointOf(options.imageEncoder), undefined);
    const configuration = {
      ...TINY,
      imageEncoder,
      projection: { embedding: 4, emphasis: 1, draws: 1 },
    };
    const exported = { ...options, configuration, imageEncoder };
    const abort = new AbortController();
    const kinds: string[] = [];
    const report = ({ kind }: StageEvent) => {
      kinds.push(kind);
      if (kind === "step") abort.abort();
    };
    const stopped = await trainGenerator({ ...exported, signal: abort.signal, report });
    assertEquals([stopped.finished, kinds], [false, ["export", "start", "step"]]);
    // What it was exported from may be gone by then.
    await Deno.remove(`${root}/pretraining`, { recursive: true });
    const { folder } = await trainGenerator({ ...exported, resume: true });
    const weights = (place: string) =>
      readSafetensors(`${place}/image_encoder/model.safetensors`).then(({ tensors }) =>
        tensors.get("visual_projection.weight")!
      );
    const own = await weights(`${exported.output}/image_encoder`);
    assertEquals(own.shape, [4, 128]);
    const kept = await weights(folder!);
    const error = relativeError(Array.from(kept.data, Number), own.data);
    assert(error < 1e-3, `the generator's projection differs by ${error}`);
  }));

Deno.test("a generator's training passes over an image that cannot be read, and says so once", () =>
  inFolder(async (root) => {
    const options = await tinyTraining(root);
    await saveClipRun(`${root}/pretraining`, 16);
    const imageEncoder = (await checkpointOf(`${root}/pretraining`))!;
    const projection = { embedding: 4, emphasis: 0, draws: 2 };
    const dataset = datasetOf(
      "emoji and none",
      11,
      (index) =>
        index === 5
          ? { key: "none", source: fileSource(`${root}/none.png`) }
          : options.dataset.sample(index < 5 ? index : index - 1),
    );
    const warnings: string[] = [];
    const training = {
      ...{ ...options, dataset, imageEncoder },
      configuration: { ...TINY, imageEncoder, projection },
      report: (event: StageEvent) => {
        if (event.kind === "warning") warnings.push(event.message);
      },
    };
    const measures = generatorSamples({ ...training, images: 11, compared: 11, steps: 1 });
    const { folder } = await trainGenerator({ ...training, measures });
    assertEquals(warnings.length, 1);
    assertStringIncludes(warnings[0]!, "none.png");
    const { tensors } = await readSafetensors(`${training.output}/latents/draw-001.safetensors`);
    assertEquals(tensors.get("embeddings")!.shape, [10, 4]);
    const epochs = await readJsonLines(`${training.output}/unet/epochs.jsonl`);
    assert(epochs.every(({ distance }) => Number(distance) > 0));
    assert((await Deno.stat(folder!)).isDirectory);
  }));

Deno.test("TrainingImages replaces what cannot be read, the same wherever a run begins", async () => {
  const emoji = await tenEmoji();
  const dataset = datasetOf(
    "emoji and none",
    11,
    (index) =>
      index % 3 === 2
        ? { key: String(index), source: fileSource(`none-${index}.png`) }
        : emoji.sample(index % 10),
  );
  const options = { size: 16, batchSize: 4, seed: 3 };
  const warnings: string[] = [];
  const images = new TrainingImages(dataset, {
    ...options,
    onWarning: (message) => warnings.push(message),
  });
  const batches = [];
  for (let index = 0; index < 4; index++) batches.push(await images.batch(index));
  assertEquals(warnings.length, 3);
  assertEquals(batches.map(({ images }) => images.shape), new Array(4).fill([4, 16, 16, 3]));
  const later = new TrainingImages(dataset, options);
  assertEquals(await later.batch(3), batches[3]!);
  const readable = batches.flatMap(({ rows }) => rows);
  assert(readable.every((row) => row % 3 !== 2), String(readable));
  const none = datasetOf("none", 4, (index) => ({
    key: String(index),
    source: fileSource(`none-${index}.png`),
  }));
  await assertRejects(
    () => new TrainingImages(none, options).batch(0),
    TypeError,
    "most of its images must be readable",
  );
});

Deno.test("TrainingImages reads shards in the order of pretraining", async () => {
  const read: number[] = [];
  const shards: Dataset = {
    ...datasetOf("shards", 10_000, (index) => ({
      key: String(index),
      source: {
        kind: "rendered",
        name: String(index),
        render() {
          read.push(index);
          return Promise.resolve({ width: 8, height: 8, data: new Uint8Array(192) });
        },
      },
    })),
    runs: [5000, 5000],
  };
  const options = { batchSize: 4, seed: 3 };
  await new TrainingImages(shards, { ...options, size: 8 }).batch(0);
  const trained = read.slice(0, 4);
  for await (
    const { indices } of viewLoader(shards, [smallImageView(8)], { ...options, epoch: 0 })
  ) {
    assertEquals(trained, indices);
    break;
  }
});

Deno.test("a generator's run is resumed with the same configuration alone, and only where that is asked for", () =>
  inFolder(async (root) => {
    const options = await tinyTraining(root);
    const abort = new AbortController();
    const report = () => abort.abort();
    assertEquals(await trainGenerator({ ...options, signal: abort.signal, report }), {
      finished: false,
    });
    await assertRejects(() => trainGenerator(options), Deno.errors.AlreadyExists, "resume it");
    const configuration = { ...options.configuration, seed: 1 };
    await assertRejects(
      () => trainGenerator({ ...options, configuration, resume: true }),
      TypeError,
      "must have the configuration",
    );
  }));

Deno.test("a second training of a generator in the folder of one at work is refused by its process, and leaves it alone", () =>
  inFolder(async (root) => {
    const options = await tinyTraining(root);
    const { output } = options;
    let refused = 0;
    const refuseSecond = async () => {
      const before = await digestsOf(output);
      for (const resume of [false, true]) {
        const { message } = await assertRejects(
          () => trainGenerator({ ...options, resume }),
          Deno.errors.AlreadyExists,
        );
        assertStringIncludes(message, `process ${Deno.pid} on ${Deno.hostname()}`);
        assertStringIncludes(message, "is at work there");
        refused++;
      }
      assertEquals(await digestsOf(output), before);
      return { metrics: {} };
    };
    const measures = { autoencoder: refuseSecond, unet: refuseSecond };
    const { finished } = await trainGenerator({ ...options, measures });
    assertEquals(finished, true);
    assert(refused > 2, `${refused} were refused`);
    const steps = await readJsonLines(`${output}/unet/steps.jsonl`);
    assertEquals(steps.map(({ step }) => step), [1, 2, 3, 4, 5]);
    assertEquals(await readJsonLines(`${output}/messages.jsonl`), []);
  }));

Deno.test("fine-tuning keeps what is frozen and changes the rest", () =>
  inFolder(async (root) => {
    const options = await tinyTraining(root);
    const { folder } = await trainGenerator({ ...options, storedPrecision: "float32" });
    const tuned = await trainGenerator({
      ...options,
      from: folder!,
      output: `${root}/tuned`,
      storedPrecision: "float32",
      isFrozen: (name) => name.startsWith("down_blocks."),
    });
    const [before, after] = [await weightsOf(folder!), await weightsOf(tuned.folder!)];
    for (const same of ["vae", "text_encoder", "image_normalizer"]) {
      assertEquals(after[same], before[same], same);
    }
    const [first, second] = await Promise.all([folder!, tuned.folder!].map((each) =>
      readSafetensors(`${each}/unet/diffusion_pytorch_model.safetensors`)
    ));
    for (const [name, { data }] of first!.tensors) {
      const isSame = second!.tensors.get(name)!.data.every((value, i) =>
        value === data[i]
      );
      assertEquals(isSame, name.startsWith("down_blocks."), name);
    }
  }));
