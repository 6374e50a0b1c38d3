/**
 * `deno task bench train`: a training step, ours against PyTorch's: forward, cross-entropy, backward, SGD.
 *
 * Each side is a process that stays up for one configuration; the steps alternate, so that a machine that slows down
 * slows both. Peak memory is the process's own.
 *
 * @module
 */
import { backbone } from "../core/backbones/registry.ts";
import { float32, int64 } from "../core/engine/graph/tensor.ts";
import { linear } from "../core/engine/nn/linear.ts";
import { sgd } from "../core/engine/optim/mod.ts";
import { resolveDevice } from "../core/engine/ort/mod.ts";
import { RandomStream } from "../core/engine/random/random_stream.ts";
import { constant, input } from "../core/engine/graph/value.ts";
import { Scope } from "../core/engine/nn/scope.ts";
import { logSoftmax, mul, neg, oneHot, reduceMean, reduceSum } from "../core/engine/ops/mod.ts";
import { withConvTuning } from "../core/engine/ops/conv_gradients/tuning.ts";
import { deviceTuning } from "../core/train/conv_autotune.ts";
import type { MethodGraph } from "../core/train/method_graph.ts";
import { initialWeights, TrainingStep } from "../core/train/training_step.ts";
import { type Command, parseCommandLine, runTask } from "../tasks/command_line.ts";
import { Peer } from "./peer.ts";

/** Networks, batches and sizes that are compared. */
const CONFIGURATIONS = [
  { name: "resnet18", batch: 64, size: 32 },
  { name: "resnet50", batch: 8, size: 224 },
  { name: "vit_small_patch16_224", batch: 8, size: 224 },
] as const;

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
      only: { type: "string", default: "", description: "one network instead of all" },
      device: { type: "string", default: "cpu", description: "cpu, cuda or cuda:N" },
      tf32: { type: "boolean", default: false, description: "let PyTorch use TF32 on CUDA" },
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
  const logits = linear(scope, "fc", features, { width: 1000 });
  const random = new RandomStream(0, "labels");
  const labels = Array.from({ length: batch }, () => random.integer(1000));
  const targets = oneHot(constant(int64([batch], labels)), 1000);
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

async function peakBytes(): Promise<number> {
  const status = await Deno.readTextFile("/proc/self/status");
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)![1]);
}

/** Our side: a line in is a step, a line out its seconds and the peak memory. */
async function work(spec: string, threads: number, deviceName: string): Promise<void> {
  const [name, batch, size] = spec.split(",");
  const device = resolveDevice(deviceName);
  const tuning = await deviceTuning({ device, threads });
  const graph = withConvTuning(
    tuning,
    () => classification(name!, Number(batch), Number(size)),
  );
  const options = { device, threads, optimizer: sgd(), tuning };
  using step = await TrainingStep.create(graph, options, initialWeights(graph, 0));
  const random = new RandomStream(0, "images");
  const { shape } = step.views[0]!.type;
  const count = shape.reduce((a, b) => a * b, 1);
  step.views[0]!.write(float32(shape, Float32Array.from({ length: count }, () => random.normal())));
  for await (const _ of Deno.stdin.readable) {
    const began = performance.now();
    await step.run({ learning_rate: 0.01, weight_decay: 1e-4 });
    console.log((performance.now() - began) / 1000, await peakBytes());
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

interface Options {
  readonly python: string;
  readonly steps: number;
  readonly threads: number;
  readonly only: string;
  readonly device: string;
  readonly tf32: boolean;
  readonly worker: string;
}

async function compare(
  { name, batch, size }: (typeof CONFIGURATIONS)[number],
  { python, steps, threads, device, tf32 }: Options,
): Promise<void> {
  const script = new URL("../reference/bench_train.py", import.meta.url).pathname;
  await using ours = new Peer(Deno.execPath(), [
    "run",
    "--no-check",
    "--allow-read",
    "--allow-ffi",
    "--allow-env",
    "--allow-sys",
    import.meta.filename!,
    `--worker=${name},${batch},${size}`,
    `--threads=${threads}`,
    `--device=${device}`,
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
  const peaks = [0, 0];
  // The first two rounds warm up.
  for (let round = -2; round < steps; round++) {
    for (const [side, peer] of [ours, theirs].entries()) {
      const [time, peak] = (await peer.ask("step")).split(" ").map(Number) as [number, number];
      peaks[side] = peak;
      if (round >= 0) seconds[side]!.push(time);
    }
  }
  const [us, them] = seconds.map(median) as [number, number];
  const rate = (time: number) => (batch / time).toFixed(1);
  const gibibytes = (bytes: number) => (bytes / 2 ** 30).toFixed(2);
  console.log(
    `${name} ${size} px, batch ${batch}: ${(them / us).toFixed(2)} times PyTorch's speed ` +
      `(${rate(us)} against ${rate(them)} images/s), ` +
      `${(peaks[0]! / peaks[1]!).toFixed(2)} times its peak memory ` +
      `(${gibibytes(peaks[0]!)} against ${gibibytes(peaks[1]!)} GiB)`,
  );
}

async function main(args: readonly string[]): Promise<void> {
  const parsed = parseCommandLine(COMMAND, args, console.log);
  if (parsed === undefined) return;
  const options = parsed.values as unknown as Options;
  if (options.worker) return await work(options.worker, options.threads, options.device);
  const chosen = CONFIGURATIONS.filter(({ name }) => !options.only || name === options.only);
  for (const configuration of chosen) await compare(configuration, options);
}

if (import.meta.main) await runTask(main);
