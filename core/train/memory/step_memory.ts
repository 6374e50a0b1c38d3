/**
 * The memory of a training step: what lasts from step to step, and what the runs of its models need in between.
 *
 * @module
 */
import { byteSize } from "../../engine/graph/dtype.ts";
import { elementCount } from "../../engine/graph/shape.ts";
import type { TensorType } from "../../engine/graph/tensor.ts";
import { traceModel } from "../../engine/onnx/mod.ts";
import { arenaBytes } from "../../engine/ort/mod.ts";
import type { AccumulatedMethodStep } from "../step/accumulation/accumulated_step.ts";
import type { MethodStep } from "../step/method_step.ts";

/** A model of a step. */
export interface ModelSize {
  /** Number of nodes. */
  readonly nodes: number;
  /** Bytes of the encoded model. */
  readonly bytes: number;
}

/** The memory of a step, in bytes. */
export interface StepMemory {
  /** Parameters and buffers, those of the momentum encoder among them. */
  readonly state: number;
  /** The optimizer's slots. */
  readonly slots: number;
  /** Gradients, and whatever else passes from one model to the other. */
  readonly passed: number;
  /** The views of a batch, or of a micro-batch, and what else is fed. */
  readonly batch: number;
  /** Intermediate values: the arena of ONNX Runtime on the CPU. */
  readonly activations: number;
  /** The models by name, in the order of their runs. */
  readonly models: Readonly<Record<string, ModelSize>>;
}

function bytesOf({ dtype, shape }: TensorType): number {
  return elementCount(shape) * byteSize(dtype);
}

function sum(types: readonly TensorType[]): number {
  return types.reduce((total, type) => total + bytesOf(type), 0);
}

/** The models of a step in the order of their runs, and what it feeds. */
function partsOf({ kind, built }: MethodStep | AccumulatedMethodStep) {
  if (kind === "whole") {
    const { gradients, update, batch } = built;
    return { models: { gradients, update }, fed: sum(batch) };
  }
  const { forward, loss, backward, update, batch, views, cuts } = built;
  // A cut lies there for a micro-batch and for the whole batch, and so does its gradient.
  const cutBytes = cuts.map(({ micro, whole, differentiated }) =>
    (bytesOf(micro) + bytesOf(whole)) * (differentiated ? 2 : 1)
  );
  return {
    models: { forward, loss, backward, update },
    fed: sum(batch) + sum(views) + cutBytes.reduce((total, bytes) => total + bytes, 0),
  };
}

/**
 * The memory of a step that was compiled with option `typed`.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import simsiam from "../../../plugins/simsiam/mod.ts";
 * import { backbone } from "../../backbones/mod.ts";
 * import { sgd } from "../../engine/optim/mod.ts";
 * import { checkMethod } from "../../method/mod.ts";
 * import { buildMethodGraph } from "../step/method_graph.ts";
 * import { buildMethodStep } from "../step/method_step.ts";
 * import { stepMemory } from "./step_memory.ts";
 *
 * const graph = buildMethodGraph(checkMethod(simsiam, "simsiam"), {
 *   backbone: backbone("resnet18"),
 *   viewSizes: [32, 32],
 *   batchSize: 8,
 *   options: { projectorWidth: 64, predictorWidth: 16 },
 * });
 * const { batch } = stepMemory(buildMethodStep(graph, { optimizer: sgd(), typed: true }));
 * // Two views, and a weight for each pair.
 * assertEquals(batch, 4 * (2 * 8 * 3 * 32 * 32 + 8));
 * ```
 */
export function stepMemory(step: MethodStep | AccumulatedMethodStep): StepMemory {
  const { state, slots, passed } = step.built;
  const { models, fed } = partsOf(step);
  const traces = Object.entries(models).map(([name, model]) => [name, traceModel(model)] as const);
  return {
    state: sum(state),
    slots: sum(slots.map(({ type }) => type)),
    passed: sum(passed),
    batch: fed,
    activations: arenaBytes(traces.map(([, trace]) => trace)),
    models: Object.fromEntries(
      traces.map(([name, { nodes, bytes }]) => [name, { nodes: nodes.length, bytes }]),
    ),
  };
}
