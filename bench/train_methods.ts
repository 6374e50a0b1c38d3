/**
 * `deno task bench train --method NAME|all`: a training step of a method, ours against lightly's.
 *
 * Both sides start from the same hashed weights, queue and views, and the losses of the first step must agree. The peer
 * first tries its settings and keeps the fastest.
 *
 * @module
 */
import { backbone } from "../core/backbones/registry.ts";
import { type Tensor, tensor } from "../core/engine/graph/tensor.ts";
import { withTarget } from "../core/engine/graph/target.ts";
import { sgd } from "../core/engine/optim/mod.ts";
import { CPU } from "../core/engine/ort/mod.ts";
import { checkMethod, type LoadedMethod } from "../core/method/load.ts";
import { deviceTuning } from "../core/train/step/conv_autotune.ts";
import { buildMethodGraph, type MethodGraph } from "../core/train/step/method_graph.ts";
import { initialWeights } from "../core/train/step/method_step.ts";
import { TrainingStep } from "../core/train/step/training_step.ts";
import { hashedParameter, hashedTensor } from "../tests/core/engine/nn/hashed_values.ts";
import {
  alternate,
  answerRounds,
  type Comparison,
  describeComparison,
  imagesPerSecond,
} from "./alternate.ts";
import { METHOD_SPECIMENS, type MethodSpecimen } from "./method_specimens.ts";
import { DENO_RUN, Peer } from "./peer.ts";

/** Largest relative difference of the losses of the first step. */
const SAME_LOSS = 1e-3;

/** Size of losses from which that is: a mean of cosines begins near zero, where rounding is a larger share. */
const SMALLEST_LOSS = 1e-3;

/** What a step is fed, of which each method takes what it reads; the peer has the same values. */
const SCALARS = {
  learning_rate: 0.01,
  weight_decay: 1e-4,
  average_rate: 0.01,
  "scheduled.encoderMomentum": 0.99,
  "scheduled.teacherTemperature": 0.04,
  epoch: 0,
} as const;

/** What is compared, and by what. */
export interface MethodComparisonOptions {
  /** Methods by name. */
  readonly names: readonly string[];
  /** Interpreter with torch, torchvision and lightly. */
  readonly python: string;
  /** Steps that count. */
  readonly steps: number;
  /** Threads of each side. */
  readonly threads: number;
  /** Samples in a batch. */
  readonly batch: number;
  /** Setting of the peer, or `fastest`: that of `plain` and `channels-last` with which it is. */
  readonly peer: string;
  /** Path prefix of traces of our side, if it is to be profiled. */
  readonly profile?: string;
}

/** How a method came out. */
export interface MethodComparison extends Comparison {
  readonly method: string;
  readonly batch: number;
  /** What the peer ran with: `plain`, `channels-last`, `compiled` or both. */
  readonly peerSetting: string;
}

function buildGraph(
  method: LoadedMethod,
  { options, sizes }: MethodSpecimen,
  batchSize: number,
): MethodGraph {
  return buildMethodGraph(method, {
    backbone: backbone("resnet18", { stem: "small" }),
    viewSizes: sizes,
    batchSize,
    options,
  });
}

/** Rows of unit length. */
function unitRows({ shape, data }: Tensor<"float32">): Tensor<"float32"> {
  const width = shape[1]!;
  const rows = data.slice();
  for (let start = 0; start < rows.length; start += width) {
    const row = rows.subarray(start, start + width);
    const length = Math.hypot(...row);
    row.forEach((x, i) => row[i] = x / length);
  }
  return tensor("float32", shape, rows);
}

/** Hashed parameters, fresh statistics; a momentum encoder is a copy, and rows of queues and prototypes have unit length. */
export function hashedWeights(graph: MethodGraph): Map<string, Tensor> {
  const weights = initialWeights(graph, 0);
  for (const { name, kind, value } of graph.scope.declarations.values()) {
    const source = name.replace(/^momentum_encoder\./, "");
    if (kind === "buffer" && name !== "queue") continue;
    const parameter = hashedParameter(source, value.shape);
    const unit = name === "queue" || source.startsWith("prototypes");
    weights.set(name, unit ? unitRows(parameter) : parameter);
  }
  return weights;
}

/** Our side: a round is a step. */
async function work(
  name: string,
  batch: number,
  threads: number,
  profile: string | undefined,
): Promise<void> {
  const tuning = await deviceTuning({ device: CPU, threads });
  const specimen = METHOD_SPECIMENS[name]!;
  const plugin = await import(new URL(`../plugins/${name}/mod.ts`, import.meta.url).href);
  const method = checkMethod(plugin.default, name);
  const graph = withTarget(tuning, () => buildGraph(method, specimen, batch));
  const options = {
    ...{ device: CPU, threads, optimizer: sgd() },
    ...(profile && { profile: `${profile}-${name}` }),
  };
  using step = await TrainingStep.create(graph, options, hashedWeights(graph));
  step.views.forEach((view, i) => view.write(hashedTensor(`views.${i}`, view.type.shape)));
  let taken = 0;
  await answerRounds(async () => {
    const { loss } = await step.run({ ...SCALARS, step: taken }, { seed: 0, step: taken });
    taken++;
    return loss;
  });
  if (profile) { for (const path of step.endProfiling()) console.error(`trace: ${path}`); }
}

/** Compares one method. */
async function compare(
  name: string,
  { python, steps, threads, batch, peer, profile }: MethodComparisonOptions,
): Promise<MethodComparison> {
  const script = new URL("../reference/bench_methods.py", import.meta.url).pathname;
  await using ours = new Peer(Deno.execPath(), [
    ...[...DENO_RUN, "--allow-write", import.meta.filename!],
    ...[name, String(batch), String(threads), profile ?? ""],
  ]);
  const { options, sizes } = METHOD_SPECIMENS[name]!;
  await using theirs = new Peer(python, [
    ...[script, name, JSON.stringify({ batch, sizes, threads, peer, ...options })],
  ]);
  const peerSetting = await theirs.ask("settle");
  const comparison = await alternate(ours, theirs, {
    ...{ name, rounds: steps, warmUp: 2, tolerance: SAME_LOSS, smallest: SMALLEST_LOSS },
  });
  return { method: name, batch, peerSetting, ...comparison };
}

/** Compares methods one after another. */
export async function* compareMethods(
  options: MethodComparisonOptions,
): AsyncGenerator<MethodComparison> {
  for (const name of options.names) yield await compare(name, options);
}

/** Lines for people. */
export function describeMethod(comparison: MethodComparison): string {
  const { method, batch, peerSetting } = comparison;
  const views = METHOD_SPECIMENS[method]!.sizes.join(" + ");
  return `${method}, ResNet-18, views of ${views} px, batch ${batch}; lightly's ${peerSetting}:\n` +
    describeComparison(comparison, "lightly's", imagesPerSecond(batch));
}

if (import.meta.main) {
  const [name, batch, threads, profile] = Deno.args;
  await work(name!, Number(batch), Number(threads), profile || undefined);
}
