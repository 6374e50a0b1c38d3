/**
 * `deno task bench clip`: tokens and embeddings of JPEG files by CLIP's image towers, ours against open_clip on PyTorch.
 *
 * Each side is a process on one core that stays up; the batches alternate, so that a machine that slows down slows both.
 * Decoding, resizing and normalisation are in it. Both sides read the same file of hashed weights, and the embeddings of
 * their first batch must agree, so that what is compared is the same work. Rates are given by the clock and, for
 * machines that do other work meanwhile, by the time of the processor. Peak memory is the process's own.
 *
 * @module
 */
import { join } from "node:path";
import { ClipEncoder } from "../core/encoders/clip_encoder.ts";
import { clipModel } from "../core/backbones/clip_models.ts";
import { clipStateDict } from "../core/backbones/clip_weights.ts";
import { clipEvaluationView } from "../core/data/clip_preprocessing.ts";
import { datasetOf, evaluationLoader, fileSource } from "../core/data/mod.ts";
import { allocate } from "../core/engine/graph/dtype.ts";
import type { Shape } from "../core/engine/graph/shape.ts";
import { type Tensor, tensor } from "../core/engine/graph/tensor.ts";
import { input } from "../core/engine/graph/value.ts";
import { Scope } from "../core/engine/nn/scope.ts";
import { writeSafetensors } from "../core/weights/safetensors.ts";
import { type Command, parse, runTask } from "../tasks/cli/command_line.ts";
import { hashedParameter } from "../tests/core/engine/nn/hashed_values.ts";
import {
  alternate,
  answerRounds,
  type Comparison,
  describeComparison,
  imagesPerSecond,
} from "./alternate.ts";
import { DENO_RUN, Peer } from "./peer.ts";

/** Towers, batches and how their weights are stored. */
const CONFIGURATIONS = [
  { name: "ViT-B-16", batch: 8, dtype: "float32" },
  { name: "convnext_base_w", batch: 8, dtype: "float32" },
  { name: "ViT-H-14", batch: 1, dtype: "float32" },
  { name: "ViT-H-14", batch: 1, dtype: "float16" },
] as const;

const IMAGES = ["photo", "portrait"].map((name) =>
  new URL(`../fixtures/images/${name}.jpg`, import.meta.url).pathname
);

/** Largest relative difference of the first batch's embeddings. */
const SAME_WORK = 1e-3;

const COMMAND: Command = {
  name: "bench clip",
  summary: "Compares CLIP's image towers with open_clip's, alternating, one core each.",
  examples: [{
    command: "deno task bench clip --python python3 --only ViT-B-16",
    does: "with the interpreter that has open_clip_torch",
  }],
  options: {
    type: "object",
    properties: {
      python: { type: "string", default: "python3", description: "interpreter with open_clip" },
      rounds: { type: "integer", minimum: 1, default: 7, description: "batches of each side" },
      core: { type: "integer", minimum: 0, default: 0, description: "core that both sides run on" },
      only: {
        type: "string",
        enum: ["", ...new Set(CONFIGURATIONS.map(({ name }) => name)), "all"],
        default: "",
        description: "one tower instead of ViT-B-16 and convnext_base_w, or all",
      },
      json: { type: "boolean", default: false, description: "a line of JSON for each tower" },
      worker: { type: "string", default: "", description: "be our side: NAME,WEIGHTS" },
    },
  },
};

interface Options {
  readonly python: string;
  readonly rounds: number;
  readonly core: number;
  readonly only: string;
  readonly json: boolean;
  readonly worker: string;
}

type Configuration = (typeof CONFIGURATIONS)[number];

function hashed(name: string, shape: Shape, dtype: Configuration["dtype"]): Tensor {
  const value = hashedParameter(name, shape);
  if (dtype === "float32") return value;
  const data = allocate(dtype, value.data.length);
  data.set(value.data);
  return tensor(dtype, shape, data);
}

async function writeWeights(path: string, { name, dtype }: Configuration): Promise<void> {
  const model = clipModel(name);
  const scope = new Scope();
  model.apply(scope, input("images", "float32", [1, 3, model.inputSize, model.inputSize]));
  const state = clipStateDict("open_clip", scope.declarations);
  const entries = [...state].map(([key, { shape }]) =>
    [key, { dtype, shape, read: () => Promise.resolve(hashed(key, shape, dtype)) }] as const
  );
  await writeSafetensors(path, entries);
}

/** Our side: a round is a batch. */
async function work({ worker }: Options, paths: readonly string[]): Promise<void> {
  const [name, weights] = worker.split(",") as [string, string];
  const model = clipModel(name);
  const batchSize = paths.length;
  const dataset = datasetOf("photographs", batchSize, (i) => ({
    key: String(i),
    source: fileSource(paths[i]!),
  }));
  using encoder = await ClipEncoder.create(weights, { model, batchSize, threads: 1 });
  const recipe = clipEvaluationView(model.inputSize, model.normalize);
  await answerRounds(async () => {
    let check = 0;
    for await (const { images } of evaluationLoader(dataset, recipe, { batchSize, strict: true })) {
      const { data } = (await encoder.encode(images)).pooled;
      check = data.reduce((sum, value) => sum + Math.abs(value), 0) / data.length;
    }
    return check;
  });
}

async function compare(
  configuration: Configuration,
  weights: string,
  { python, rounds, core }: Options,
): Promise<Comparison> {
  const { name, batch } = configuration;
  const paths = Array.from({ length: batch }, (_, i) => IMAGES[i % IMAGES.length]!);
  const pinned = ["-c", String(core)];
  await using ours = new Peer("taskset", [
    ...pinned,
    Deno.execPath(),
    ...DENO_RUN,
    import.meta.filename!,
    `--worker=${name},${weights}`,
    ...paths,
  ]);
  await using theirs = new Peer("taskset", [
    ...pinned,
    python,
    new URL("../reference/bench_clip.py", import.meta.url).pathname,
    name,
    weights,
    "1",
    ...paths,
  ]);
  return await alternate(ours, theirs, { name, rounds, warmUp: 1, tolerance: SAME_WORK });
}

async function main(args: readonly string[]): Promise<void> {
  const parsed = parse({ ...COMMAND, positional: "[JPEG ...]" }, args, console.log);
  if (parsed === undefined) return;
  const options = parsed.values as unknown as Options;
  if (options.worker) return await work(options, parsed.positional);
  const chosen = CONFIGURATIONS.filter(({ name }) =>
    options.only === "all" || (options.only ? name === options.only : name !== "ViT-H-14")
  );
  const folder = await Deno.makeTempDir();
  try {
    for (const configuration of chosen) {
      const weights = join(folder, "weights.safetensors");
      await writeWeights(weights, configuration);
      const comparison = await compare(configuration, weights, options);
      const { name, batch, dtype } = configuration;
      console.log(
        options.json
          ? JSON.stringify({ ...configuration, ...comparison })
          : `${name}, weights in ${dtype}, batch ${batch}:\n` +
            describeComparison(comparison, "open_clip's", imagesPerSecond(batch)),
      );
      await Deno.remove(weights);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) await runTask(main);
