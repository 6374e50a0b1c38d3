/**
 * `deno task bench train`: a training step, ours against PyTorch's: forward, cross-entropy, backward, SGD.
 *
 * Each side is a process that stays up for one configuration; the steps alternate, so that a machine that slows down
 * slows both. Peak memory is the process's own, and is given on the CPU only: a GPU's is not in it. Both sides start
 * from the same hashed weights, images and labels, and the loss of their first step must agree, so that what is compared
 * is the same work. PyTorch runs with one setting after the other; bfloat16 is shown beside them, though it is less exact, and
 * float16 if it is asked for. Ours computes in `--precision`; in float16 both sides scale the loss.
 *
 * @module
 */
import {
  initialLossScale,
  lossScaleScalars,
  nextLossScale,
  sgd,
} from "../core/engine/optim/mod.ts";
import type { ConvProblem } from "../core/engine/ops/convolution/problem.ts";
import { observeConvolutions } from "../core/engine/ops/convolution/tuning.ts";
import { CPU, parseDevice, resolveDevice } from "../core/engine/ort/mod.ts";
import type { Precision } from "../core/engine/precision/mod.ts";
import { GenviewTypeError } from "../core/errors/mod.ts";
import { withTarget } from "../core/engine/graph/target.ts";
import { checkPrecision, resolvePrecision } from "../core/train/run/run_precision.ts";
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

type Configuration = (typeof CONFIGURATIONS)[number];

/** The largest relative difference of the losses of the first step from those of another side in float32. */
const TOLERANCES: Readonly<Record<Precision, number>> = {
  float32: 1e-3,
  float16: 1e-2,
  bfloat16: 5e-2,
};

/** PyTorch's settings, and what each computes in. */
const SETTINGS: Readonly<Record<string, Precision>> = {
  "eager": "float32",
  "channels-last": "float32",
  "compiled": "float32",
  "compiled-channels-last": "float32",
  "bfloat16": "bfloat16",
  "float16": "float16",
};

/** Those that are compared with unless told: on the CPU float16, which is for GPUs, takes the most time of all. */
const USUAL_SETTINGS = Object.keys(SETTINGS).filter((name) => name !== "float16");

const COMMAND: Command = {
  name: "bench train",
  summary: "Compares a training step with PyTorch's, alternating.",
  examples: [{
    command: "deno task bench train --python python3 --steps 9",
    does: "with the interpreter that has torch, torchvision and timm",
  }, {
    command: "deno task bench train --device cuda --precision float16 --settings bfloat16,float16",
    does: "mixed precision on a GPU, against PyTorch's of both kinds",
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
        default: USUAL_SETTINGS.join(","),
        description:
          "settings of PyTorch's side, between commas, without --method; there is float16, too, which is autocast and GradScaler",
      },
      profile: {
        type: "string",
        default: "",
        description: "path prefix of traces of our side, with --method",
      },
      precision: {
        type: "string",
        enum: ["float32", "float16", "bfloat16"],
        default: "float32",
        description: "what our side computes in, as in train, without --method",
      },
      device: { type: "string", default: "cpu", description: "cpu, cuda or cuda:N" },
      tf32: { type: "boolean", default: false, description: "let both sides use TF32 on CUDA" },
      json: { type: "boolean", default: false, description: "a line of JSON for each network" },
      worker: { type: "string", default: "", description: "be our side: NAME,BATCH,SIZE" },
    },
  },
};

/** Our side: a round is a step. */
async function work(
  { worker, threads, device: deviceName, tf32, precision }: Options,
): Promise<void> {
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
    precision,
    optimizer: sgd(),
  };
  using step = await TrainingStep.create(graph, options, hashedWeights(graph, name!));
  step.views[0]!.write(hashedTensor("images", step.views[0]!.type.shape));
  let lossScale = initialLossScale();
  await answerRounds(async () => {
    const scalars = { learning_rate: 0.01, weight_decay: 1e-4, ...lossScaleScalars(lossScale) };
    const { loss, updated } = await step.run(scalars);
    lossScale = nextLossScale(lossScale, updated);
    return loss;
  });
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
  readonly precision: Precision;
  readonly device: string;
  readonly tf32: boolean;
  readonly json: boolean;
  readonly worker: string;
}

/**
 * Checks that our side can compute networks in a precision, before anything is measured.
 *
 * @throws {TypeError} if it cannot
 */
function checkNetworks(
  chosen: readonly Configuration[],
  { precision: asked, device: text }: Options,
): void {
  const named = parseDevice(text);
  const device = named === "auto" ? CPU : named;
  const precision = resolvePrecision({ precision: asked }, device);
  for (const { name, size } of chosen) {
    const convolutions: ConvProblem[] = [];
    observeConvolutions(
      (problem) => convolutions.push(problem),
      () => classification(name, 2, size),
    );
    checkPrecision(precision, device, convolutions);
  }
}

async function compare(
  { name, batch, size }: Configuration,
  setting: string,
  { python, steps, threads, device, tf32, precision }: Options,
): Promise<Comparison> {
  const script = new URL("../reference/bench_train.py", import.meta.url).pathname;
  await using ours = new Peer(Deno.execPath(), [
    ...DENO_RUN,
    import.meta.filename!,
    `--worker=${name},${batch},${size}`,
    `--threads=${threads}`,
    `--device=${device}`,
    `--precision=${precision}`,
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
    tolerance: Math.max(TOLERANCES[precision], TOLERANCES[SETTINGS[setting]!]),
  });
}

/** A step of methods instead of a network's. */
async function printMethods({ method, json, precision, ...options }: Options): Promise<void> {
  if (precision !== "float32") {
    throw new GenviewTypeError(
      `Cannot compare methods in ${precision}: lightly's side computes in float32, found --precision ${precision}; leave it out`,
    );
  }
  const names = method === "all" ? Object.keys(METHOD_SPECIMENS) : [method];
  for await (const comparison of compareMethods({ names, ...options })) {
    console.log(json ? JSON.stringify(comparison) : describeMethod(comparison));
  }
}

async function printNetworks(options: Options): Promise<void> {
  const chosen = CONFIGURATIONS.filter(({ name }) => !options.only || name === options.only);
  const known = Object.keys(SETTINGS);
  const settings = chosenNames("compare with", "--settings", options.settings, known);
  checkNetworks(chosen, options);
  const { precision } = options;
  for (const configuration of chosen) {
    const { name, batch, size } = configuration;
    if (!options.json) console.log(`${name} ${size} px, batch ${batch}, ours in ${precision}:`);
    for (const setting of settings) {
      const comparison = await compare(configuration, setting, options);
      const peer = `PyTorch's ${setting}`;
      console.log(
        options.json
          ? JSON.stringify({ ...configuration, precision, setting, ...comparison })
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
