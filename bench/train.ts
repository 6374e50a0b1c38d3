/**
 * `deno task bench train`: a training step, ours against PyTorch's: forward, cross-entropy, backward, SGD.
 *
 * Each side is a process that stays up for one configuration; the steps alternate, so that a machine that slows down
 * slows both. Peak memory is the process's own, and is given on the CPU only: a GPU's is not in it. Both sides start
 * from the same hashed weights, images and labels, and the loss of their first step must agree, so that what is compared
 * is the same work. PyTorch runs with one setting after the other; bfloat16 is shown beside them, though it is less exact.
 *
 * @module
 */
import { sgd } from "../core/engine/optim/mod.ts";
import { resolveDevice } from "../core/engine/ort/mod.ts";
import { withTarget } from "../core/engine/graph/target.ts";
import { deviceTuning } from "../core/train/step/conv_autotune.ts";
import { TrainingStep } from "../core/train/step/training_step.ts";
import { type Command, parse, runTask } from "../tasks/cli/command_line.ts";
import { hashedTensor } from "../tests/core/engine/nn/hashed_values.ts";
import {
  alternate,
  answerRounds,
  type Comparison,
  describeComparison,
  imagesPerSecond,
} from "./alternate.ts";
import { chosenNames } from "./chosen_names.ts";
import { classification, hashedWeights } from "./classification.ts";
import { METHOD_SPECIMENS } from "./method_specimens.ts";
import { DENO_RUN, Peer } from "./peer.ts";
import { printProcessor } from "./processor.ts";
import { compareMethods, describeMethod } from "./train_methods.ts";

/** Networks, batches and sizes that are compared. */
const CONFIGURATIONS = [
  { name: "resnet18", batch: 64, size: 32 },
  { name: "resnet50", batch: 8, size: 224 },
  { name: "vit_small_patch16_224", batch: 8, size: 224 },
] as const;

/** PyTorch's settings, and the largest relative difference of the losses of the first step. */
const SETTINGS: Readonly<Record<string, number>> = {
  "eager": 1e-3,
  "channels-last": 1e-3,
  "compiled": 1e-3,
  "compiled-channels-last": 1e-3,
  "bfloat16": 5e-2,
};

const COMMAND: Command = {
  name: "bench train",
  summary: "Compares a training step with PyTorch's, alternating.",
  examples: [{
    command: "deno task bench train --python python3 --steps 9",
    does: "with the interpreter that has torch, torchvision and timm",
  }, {
    command: "deno task bench train --method all --python python3",
    does: "a step of every method against lightly's, with the interpreter that has lightly",
  }],
  options: {
    type: "object",
    properties: {
      python: { type: "string", default: "python3", description: "interpreter with torch" },
      steps: { type: "integer", minimum: 3, default: 9, description: "steps of each side" },
      threads: { type: "integer", minimum: 1, default: 2, description: "threads of each side" },
      only: {
        type: "string",
        enum: ["", ...CONFIGURATIONS.map(({ name }) => name)],
        default: "",
        description: "one network instead of all",
      },
      method: {
        type: "string",
        enum: ["", "all", ...Object.keys(METHOD_SPECIMENS)],
        default: "",
        description: "a method, or all, against lightly's instead",
      },
      batch: {
        type: "integer",
        minimum: 2,
        default: 64,
        description: "samples in a batch, with --method",
      },
      peer: {
        type: "string",
        enum: ["fastest", "plain", "channels-last", "compiled", "compiled-channels-last"],
        default: "fastest",
        description: "setting of lightly's side, with --method; fastest tries the first two",
      },
      settings: {
        type: "string",
        default: Object.keys(SETTINGS).join(","),
        description: "settings of PyTorch's side, between commas, without --method",
      },
      profile: {
        type: "string",
        default: "",
        description: "path prefix of traces of our side, with --method",
      },
      device: { type: "string", default: "cpu", description: "cpu, cuda or cuda:N" },
      tf32: { type: "boolean", default: false, description: "let both sides use TF32 on CUDA" },
      json: { type: "boolean", default: false, description: "a line of JSON for each network" },
      worker: { type: "string", default: "", description: "be our side: NAME,BATCH,SIZE" },
    },
  },
};

/** Our side: a round is a step. */
async function work({ worker, threads, device: deviceName, tf32 }: Options): Promise<void> {
  const [name, batch, size] = worker.split(",");
  const named = resolveDevice(deviceName);
  const device = named.provider === "cuda"
    ? { ...named, options: { use_tf32: tf32 ? "1" : "0" } }
    : named;
  const tuning = await deviceTuning({ device, threads });
  const graph = withTarget(
    tuning,
    () => classification(name!, Number(batch), Number(size)),
  );
  const options = {
    device,
    threads,
    optimizer: sgd(),
  };
  using step = await TrainingStep.create(graph, options, hashedWeights(graph, name!));
  step.views[0]!.write(hashedTensor("images", step.views[0]!.type.shape));
  await answerRounds(async () =>
    (await step.run({ learning_rate: 0.01, weight_decay: 1e-4 })).loss
  );
}

interface Options {
  readonly python: string;
  readonly steps: number;
  readonly threads: number;
  readonly only: string;
  readonly method: string;
  readonly batch: number;
  readonly peer: string;
  readonly settings: string;
  readonly profile: string;
  readonly device: string;
  readonly tf32: boolean;
  readonly json: boolean;
  readonly worker: string;
}

async function compare(
  { name, batch, size }: (typeof CONFIGURATIONS)[number],
  setting: string,
  { python, steps, threads, device, tf32 }: Options,
): Promise<Comparison> {
  const script = new URL("../reference/bench_train.py", import.meta.url).pathname;
  await using ours = new Peer(Deno.execPath(), [
    ...DENO_RUN,
    import.meta.filename!,
    `--worker=${name},${batch},${size}`,
    `--threads=${threads}`,
    `--device=${device}`,
    ...(tf32 ? ["--tf32"] : []),
  ]);
  await using theirs = new Peer(python, [
    script,
    name,
    String(batch),
    String(size),
    String(threads),
    device,
    tf32 ? "1" : "0",
    setting,
  ]);
  return await alternate(ours, theirs, {
    ...{ name, rounds: steps, warmUp: 2, hostMemory: device === "cpu" },
    tolerance: SETTINGS[setting]!,
  });
}

/** A step of methods instead of a network's. */
async function printMethods({ method, json, ...options }: Options): Promise<void> {
  const names = method === "all" ? Object.keys(METHOD_SPECIMENS) : [method];
  for await (const comparison of compareMethods({ names, ...options })) {
    console.log(json ? JSON.stringify(comparison) : describeMethod(comparison));
  }
}

async function printNetworks(options: Options): Promise<void> {
  const chosen = CONFIGURATIONS.filter(({ name }) => !options.only || name === options.only);
  const known = Object.keys(SETTINGS);
  const settings = chosenNames("compare with", "--settings", options.settings, known);
  for (const configuration of chosen) {
    const { name, batch, size } = configuration;
    if (!options.json) console.log(`${name} ${size} px, batch ${batch}:`);
    for (const setting of settings) {
      const comparison = await compare(configuration, setting, options);
      const peer = `PyTorch's ${setting}`;
      console.log(
        options.json
          ? JSON.stringify({ ...configuration, setting, ...comparison })
          : `${setting}:\n${describeComparison(comparison, peer, imagesPerSecond(batch))}`,
      );
    }
  }
}

async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, console.log);
  if (parsed === undefined) return;
  const options = parsed.values as unknown as Options;
  if (options.worker) return await work(options);
  if (!options.json) await printProcessor();
  await (options.method ? printMethods(options) : printNetworks(options));
}

if (import.meta.main) await runTask(main);
