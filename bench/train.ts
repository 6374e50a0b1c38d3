/**
 * `deno task bench train`: a training step, ours against PyTorch's: forward, cross-entropy, backward, SGD.
 *
 * Each side is a process that stays up for one configuration; the steps alternate, so that a machine that slows down
 * slows both. Peak memory is the process's own. Both sides start from the same hashed weights, images and labels, and the
 * loss of their first step must agree, so that what is compared is the same work.
 *
 * @module
 */
import { backbone } from "../core/backbones/registry.ts";
import { int64, type Tensor, zeros } from "../core/engine/graph/tensor.ts";
import { linear } from "../core/engine/nn/linear.ts";
import { sgd } from "../core/engine/optim/mod.ts";
import { resolveDevice } from "../core/engine/ort/mod.ts";
import { constant, input } from "../core/engine/graph/value.ts";
import { Scope } from "../core/engine/nn/scope.ts";
import { logSoftmax, mul, neg, oneHot, reduceMean, reduceSum } from "../core/engine/ops/mod.ts";
import { withConvTuning } from "../core/engine/ops/conv_gradients/tuning.ts";
import { deviceTuning } from "../core/train/conv_autotune.ts";
import type { MethodGraph } from "../core/train/method_graph.ts";
import { TrainingStep } from "../core/train/training_step.ts";
import { type Command, parseCommandLine, runTask } from "../tasks/command_line.ts";
import { hashedParameter, hashedTensor } from "../tests/core/engine/nn/hashed_values.ts";
import { Peer } from "./peer.ts";

/** Networks, batches and sizes that are compared. */
const CONFIGURATIONS = [
  { name: "resnet18", batch: 64, size: 32 },
  { name: "resnet50", batch: 8, size: 224 },
  { name: "vit_small_patch16_224", batch: 8, size: 224 },
] as const;

const CLASSES = 1000;

/** Largest relative difference of the losses of the first step. */
const SAME_LOSS = 1e-3;

const COMMAND: Command = {
  name: "bench train",
  summary: "Compares a training step with PyTorch's, alternating.",
  examples: [{
    command: "deno task bench train --python python3 --steps 9",
    does: "with the interpreter that has torch, torchvision and timm",
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
      device: { type: "string", default: "cpu", description: "cpu, cuda or cuda:N" },
      tf32: { type: "boolean", default: false, description: "let both sides use TF32 on CUDA" },
      json: { type: "boolean", default: false, description: "a line of JSON for each network" },
      worker: { type: "string", default: "", description: "be our side: NAME,BATCH,SIZE" },
    },
  },
};

/** Classification of fixed labels into 1000 classes, in the shape that a training step takes. */
function classification(name: string, batch: number, size: number): MethodGraph {
  const scope = new Scope({ training: true });
  const images = input("views.0", "float32", [batch, 3, size, size]);
  const network = backbone(name, size <= 64 ? { stem: "small" } : {});
  const features = scope.enter("backbone", (inner) => network.apply(inner, images));
  const logits = linear(scope, "fc", features, { width: CLASSES });
  const labels = Array.from(
    hashedTensor("labels", [batch]).data,
    (value) => Math.floor((value + 1) / 2 * CLASSES),
  );
  const targets = oneHot(constant(int64([batch], labels)), CLASSES);
  const loss = neg(reduceMean(reduceSum(mul(logSoftmax(logits), targets), { axes: [1] })));
  return {
    loss,
    embeddings: features,
    scope,
    views: [images],
    pairWeights: input("pair_weights", "float32", [batch]),
    scheduled: new Map(),
    constraints: new Map(),
    options: {},
  };
}

/** Hashed values under the names that torchvision and timm give. */
function hashedWeights({ scope }: MethodGraph, name: string): Map<string, Tensor> {
  const classifier = name.startsWith("vit") ? "head." : "fc.";
  return new Map(
    [...scope.declarations].map(([full, { value: { type: { dtype, shape } } }]) => {
      const published = full.replace(/^backbone\./, "").replace(/^fc\./, classifier);
      const value = dtype === "int64" ? zeros(dtype, shape) : hashedParameter(published, shape);
      return [full, value];
    }),
  );
}

async function peakBytes(): Promise<number> {
  const status = await Deno.readTextFile("/proc/self/status");
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)![1]);
}

/** Our side: a line in is a step, a line out its seconds and the peak memory. */
async function work({ worker, threads, device: deviceName, tf32 }: Options): Promise<void> {
  const [name, batch, size] = worker.split(",");
  const device = resolveDevice(deviceName);
  const tuning = await deviceTuning({ device, threads });
  const graph = withConvTuning(
    tuning,
    () => classification(name!, Number(batch), Number(size)),
  );
  const options = {
    device,
    threads,
    optimizer: sgd(),
    tuning,
    ...(device.provider === "cuda" && { providerOptions: { use_tf32: tf32 ? "1" : "0" } }),
  };
  using step = await TrainingStep.create(graph, options, hashedWeights(graph, name!));
  step.views[0]!.write(hashedTensor("images", step.views[0]!.type.shape));
  for await (const _ of Deno.stdin.readable) {
    const began = performance.now();
    const { loss } = await step.run({ learning_rate: 0.01, weight_decay: 1e-4 });
    console.log((performance.now() - began) / 1000, await peakBytes(), loss);
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function checkSameWork(name: string, [ours, theirs]: readonly [number, number]): void {
  if (Math.abs(ours / theirs - 1) < SAME_LOSS) return;
  throw new Error(
    `Cannot compare ${name}: the first losses must agree, found ours ${ours} and PyTorch's ${theirs}`,
  );
}

interface Options {
  readonly python: string;
  readonly steps: number;
  readonly threads: number;
  readonly only: string;
  readonly device: string;
  readonly tf32: boolean;
  readonly json: boolean;
  readonly worker: string;
}

/** What came of one configuration: medians, and peaks of the processes' memory; ours before PyTorch's. */
interface Comparison {
  readonly name: string;
  readonly batch: number;
  readonly size: number;
  readonly secondsPerStep: readonly [number, number];
  readonly peakBytes: readonly [number, number];
}

async function compare(
  { name, batch, size }: (typeof CONFIGURATIONS)[number],
  { python, steps, threads, device, tf32 }: Options,
): Promise<Comparison> {
  const script = new URL("../reference/bench_train.py", import.meta.url).pathname;
  await using ours = new Peer(Deno.execPath(), [
    "run",
    "--no-check",
    // Reading /proc/self/status takes all permissions.
    "--allow-all",
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
  ]);
  const seconds: [number[], number[]] = [[], []];
  const peaks: [number, number] = [0, 0];
  // The first two rounds warm up.
  for (let round = -2; round < steps; round++) {
    const losses: number[] = [];
    for (const [side, peer] of [ours, theirs].entries()) {
      const answer = (await peer.ask("step")).split(" ").map(Number);
      const [time, peak, loss] = answer as [number, number, number];
      peaks[side] = peak;
      losses.push(loss);
      if (round >= 0) seconds[side]!.push(time);
    }
    if (round === -2) checkSameWork(name, losses as [number, number]);
  }
  const secondsPerStep = seconds.map(median) as [number, number];
  return { name, batch, size, secondsPerStep, peakBytes: peaks };
}

function describe({ name, batch, size, secondsPerStep, peakBytes }: Comparison): string {
  const [us, them] = secondsPerStep;
  const rate = (time: number) => (batch / time).toFixed(1);
  const gibibytes = (bytes: number) => (bytes / 2 ** 30).toFixed(2);
  return `${name} ${size} px, batch ${batch}: ${(them / us).toFixed(2)} times PyTorch's speed ` +
    `(${rate(us)} against ${rate(them)} images/s), ` +
    `${(peakBytes[0] / peakBytes[1]).toFixed(2)} times its peak memory ` +
    `(${gibibytes(peakBytes[0])} against ${gibibytes(peakBytes[1])} GiB)`;
}

async function main(args: readonly string[]): Promise<void> {
  const parsed = parseCommandLine(COMMAND, args, console.log);
  if (parsed === undefined) return;
  const options = parsed.values as unknown as Options;
  if (options.worker) return await work(options);
  const chosen = CONFIGURATIONS.filter(({ name }) => !options.only || name === options.only);
  for (const configuration of chosen) {
    const comparison = await compare(configuration, options);
    console.log(options.json ? JSON.stringify(comparison) : describe(comparison));
  }
}

if (import.meta.main) await runTask(main);
