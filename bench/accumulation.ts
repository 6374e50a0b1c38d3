/**
 * `deno task bench accumulation`: a training step of SimCLR by micro-batches against one of the whole batch.
 *
 * Each side is a process that stays up; the steps alternate, so that a machine that slows down slows both. Peak memory is
 * the process's own. Batch norm takes its statistics from a micro-batch, so that the losses agree but roughly.
 *
 * @module
 */
import { backbone } from "../core/backbones/registry.ts";
import { withTarget } from "../core/engine/graph/target.ts";
import { type Tensor, tensor } from "../core/engine/graph/tensor.ts";
import { sgd } from "../core/engine/optim/mod.ts";
import { CPU } from "../core/engine/ort/mod.ts";
import { checkMethod } from "../core/method/load.ts";
import {
  AccumulatedStep,
  buildAccumulatedGraph,
  buildMethodGraph,
  initialWeights,
  TrainingStep,
  type WriteViews,
} from "../core/train/mod.ts";
import { deviceTuning } from "../core/train/step/conv_autotune.ts";
import simclr from "../plugins/simclr/mod.ts";
import { type Command, parse, runTask } from "../tasks/cli/command_line.ts";
import { hashedTensor } from "../tests/core/engine/nn/hashed_values.ts";
import { alternate, answerRounds, describeComparison, imagesPerSecond } from "./alternate.ts";
import { DENO_RUN, Peer } from "./peer.ts";

/** Largest relative difference of the losses of the first step: batch norm of a few samples leaves much. */
const SIMILAR_LOSS = 0.5;

const SCALARS = { learning_rate: 0.01, weight_decay: 1e-4 };

const COMMAND: Command = {
  name: "bench accumulation",
  summary: "Compares a step by micro-batches with one of the whole batch, alternating.",
  examples: [{
    command: "deno task bench accumulation --batch 64 --device-batch 16 --size 64",
    does: "micro-batches of 16 samples in two views of 64 pixels",
  }],
  options: {
    type: "object",
    properties: {
      backbone: { type: "string", default: "resnet18", description: "network" },
      batch: { type: "integer", minimum: 2, default: 64, description: "samples in a batch" },
      deviceBatch: { type: "integer", minimum: 1, default: 16, description: "in a micro-batch" },
      size: { type: "integer", minimum: 32, default: 64, description: "pixels of a view's side" },
      steps: { type: "integer", minimum: 3, default: 9, description: "steps of each side" },
      threads: { type: "integer", minimum: 1, default: 2, description: "threads of each side" },
      worker: { type: "string", default: "", description: "be one side: parts or whole" },
    },
  },
};

interface Options {
  readonly backbone: string;
  readonly batch: number;
  readonly deviceBatch: number;
  readonly size: number;
  readonly steps: number;
  readonly threads: number;
  readonly worker: string;
}

/** Writes rows of views that are there. */
function rowsOf(views: readonly Tensor<"float32">[]): WriteViews {
  return (places) => {
    for (const { view, rows, into } of places) {
      const { data } = views[view]!;
      const { shape } = into.type;
      const length = shape.slice(1).reduce((a, b) => a * b, 1);
      const first = rows[0]! * length;
      into.write(tensor("float32", shape, data.subarray(first, first + rows.length * length)));
    }
    return Promise.resolve();
  };
}

/** One side: a round is a step. */
async function work(options: Options): Promise<void> {
  const { backbone: name, batch: batchSize, deviceBatch, size, threads, worker } = options;
  const method = checkMethod(simclr, "simclr");
  const given = {
    backbone: backbone(name, size <= 64 ? { stem: "small" } : {}),
    viewSizes: [size, size],
    batchSize,
  };
  const views = [0, 1].map((view) => hashedTensor(`views.${view}`, [batchSize, 3, size, size]));
  const settings = { device: CPU, threads, optimizer: sgd() };
  const tuning = await deviceTuning(settings);
  const graph = withTarget(tuning, () => buildMethodGraph(method, given));
  const weights = initialWeights(graph, 0);
  if (worker === "parts") {
    const parts = withTarget(
      tuning,
      () => buildAccumulatedGraph(method, { ...given, deviceBatchSize: deviceBatch }),
    );
    using step = await AccumulatedStep.create(parts, settings, weights);
    const write = rowsOf(views);
    return await answerRounds(async () => (await step.run(SCALARS, write)).loss);
  }
  using step = await TrainingStep.create(graph, settings, weights);
  return await answerRounds(async () => {
    step.views.forEach((place, view) => place.write(views[view]!));
    return (await step.run(SCALARS)).loss;
  });
}

async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, console.log);
  if (parsed === undefined) return;
  const options = parsed.values as unknown as Options;
  if (options.worker) return await work(options);
  const { backbone: name, batch, deviceBatch, size, steps, threads } = options;
  const side = (worker: string) =>
    new Peer(Deno.execPath(), [
      ...DENO_RUN,
      import.meta.filename!,
      `--backbone=${name}`,
      `--batch=${batch}`,
      `--device-batch=${deviceBatch}`,
      `--size=${size}`,
      `--threads=${threads}`,
      `--worker=${worker}`,
    ]);
  await using parts = side("parts");
  await using whole = side("whole");
  const comparison = await alternate(parts, whole, {
    name,
    rounds: steps,
    warmUp: 1,
    tolerance: SIMILAR_LOSS,
  });
  console.log(
    `${name} ${size} px, batch ${batch} by ${deviceBatch}:\n` +
      describeComparison(comparison, "the whole batch's", imagesPerSecond(batch)),
  );
}

if (import.meta.main) await runTask(main);
