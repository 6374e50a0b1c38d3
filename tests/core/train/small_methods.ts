/**
 * Networks and methods of a few hundred parameters, on which the training step and the method interface are tested.
 *
 * @module
 */
import type { Backbone } from "../../../core/backbones/backbone.ts";
import { filled, type Tensor, tensor } from "../../../core/engine/graph/tensor.ts";
import { batchNorm } from "../../../core/engine/nn/batch_norm.ts";
import { conv2d } from "../../../core/engine/nn/conv2d.ts";
import { globalAveragePool } from "../../../core/engine/ops/global_average_pool.ts";
import { relu } from "../../../core/engine/ops/relu.ts";
import { sgd } from "../../../core/engine/optim/mod.ts";
import { CPU } from "../../../core/engine/ort/mod.ts";
import { checkMethod, type LoadedMethod } from "../../../core/method/load.ts";
import type { MethodContext, MethodOutputs } from "../../../core/method/method.ts";
import { buildMethodGraph, type MethodGraph } from "../../../core/train/step/method_graph.ts";
import { initialWeights } from "../../../core/train/step/method_step.ts";
import { TrainingStep, type TrainingStepOptions } from "../../../core/train/step/training_step.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";

/** Samples in a batch. */
export const BATCH = 8;

/** Height and width of a view. */
export const SIZE = 6;

/** One convolution, its batch normalisation and the mean over the pixels. */
export const smallBackbone: Backbone = {
  name: "small",
  width: 10,
  apply: (scope, images) => {
    const y = conv2d(scope, "conv1", images, { channels: 10, kernel: 3, padding: 1 });
    return globalAveragePool(relu(batchNorm(scope, "bn1", y)));
  },
};

/** A method of which a test gives the graph. */
export function methodOf(
  build: (context: MethodContext) => MethodOutputs,
  options: Readonly<Record<string, unknown>> = {},
): LoadedMethod {
  return checkMethod({
    manifest: {
      name: "small",
      version: "0.1.0",
      apiVersion: 1,
      entry: "./mod.ts",
      title: "Small",
      description: "What a test needs.",
      paper: "",
      options: { type: "object", properties: options },
      lossRange: { random: [-1, 1], healthy: [-1, 1], collapsed: -1, note: "" },
      presets: { default: {} },
    },
    build,
  }, "small");
}

/** The graph of a method on two small views. */
export function graphOf(
  method: LoadedMethod,
  options: Readonly<Record<string, unknown>> = {},
): MethodGraph {
  return buildMethodGraph(method, {
    backbone: smallBackbone,
    viewSizes: [SIZE, SIZE],
    batchSize: BATCH,
    options,
  });
}

/** The step of a graph by SGD without weight decay, from the weights of seed 0. */
export function stepOf(
  graph: MethodGraph,
  model: ReadonlyMap<string, Tensor> = initialWeights(graph, 0),
  slots?: ReadonlyMap<string, Tensor>,
  options: Partial<TrainingStepOptions> = {},
): Promise<TrainingStep> {
  const chosen = { device: CPU, threads: 1, optimizer: sgd(), ...options };
  return TrainingStep.create(graph, chosen, model, slots);
}

/** Writes the views of a batch, which its name determines: what they share, and noise of their own. */
export function writeViews(step: TrainingStep, batch: string): void {
  const { shape } = step.views[0]!.type;
  const shared = hashedTensor(`${batch}/shared`, shape).data;
  step.views.forEach((view, i) => {
    const own = hashedTensor(`${batch}/${i}`, shape).data;
    view.write(tensor("float32", shape, shared.map((value, at) => value + 0.25 * own[at]!)));
  });
}

/** Weights of pairs from 0.5 to 1.5. */
export function unevenWeights(): Tensor<"float32"> {
  const weights = filled("float32", [BATCH], 1);
  return { ...weights, data: weights.data.map((_, i) => 0.5 + i / (BATCH - 1)) };
}

/** Copies of tensors that lie on a device. */
export function snapshot(
  tensors: ReadonlyMap<string, { read(): Tensor }>,
): Map<string, Tensor> {
  return new Map([...tensors].map(([name, value]) => [name, value.read()]));
}

/** A tensor's rows as plain numbers. */
export function rowsOf({ shape, data }: Tensor): number[][] {
  const [rows = 0, width = 0] = shape;
  return Array.from(
    { length: rows },
    (_, i) => Array.from({ length: width }, (_, j) => Number(data[i * width + j]!)),
  );
}
