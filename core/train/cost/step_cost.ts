/**
 * What a training step costs: multiply-adds, bytes moved and kernels launched, from its models alone.
 *
 * @module
 */
import { traceModel } from "../../engine/onnx/mod.ts";
import { modelCosts, type NamedCost } from "../../engine/ort/mod.ts";
import type { AccumulatedMethodStep } from "../step/accumulation/accumulated_step.ts";
import type { MethodStep } from "../step/method_step.ts";

/** What a kernel of a step costs, or those that are one node of a model. */
export interface StepCost extends NamedCost {
  /** The model that the node belongs to, such as `gradients` or `update`. */
  readonly model: string;
  /** How often it runs in a step. */
  readonly runs: number;
}

/** The models of a step, and how often each runs. */
export function runsOf(
  { kind, built }: MethodStep | AccumulatedMethodStep,
): readonly (readonly [name: string, model: Uint8Array<ArrayBuffer>, runs: number])[] {
  if (kind === "whole") {
    const { gradients, update } = built;
    return [["gradients", gradients, 1], ["update", update, 1]];
  }
  const { forward, loss, backward, update, microBatches } = built;
  return [
    ["forward", forward, microBatches],
    ["loss", loss, 1],
    ["backward", backward, microBatches],
    ["update", update, 1],
  ];
}

/**
 * What each node costs of a step that was compiled with option `typed`; `kernelSeconds` makes times of it.
 *
 * ```ts
 * import { assert } from "@std/assert";
 * import simsiam from "../../../plugins/simsiam/mod.ts";
 * import { backbone } from "../../backbones/mod.ts";
 * import { sgd } from "../../engine/optim/mod.ts";
 * import { ACCELERATORS, kernelSeconds } from "../../engine/ort/mod.ts";
 * import { checkMethod } from "../../method/mod.ts";
 * import { buildMethodGraph } from "../step/method_graph.ts";
 * import { buildMethodStep } from "../step/method_step.ts";
 * import { stepCosts } from "./step_cost.ts";
 *
 * const graph = buildMethodGraph(checkMethod(simsiam, "simsiam"), {
 *   backbone: backbone("resnet18"),
 *   viewSizes: [32, 32],
 *   batchSize: 8,
 *   options: { projectorWidth: 64, predictorWidth: 16 },
 * });
 * const costs = stepCosts(buildMethodStep(graph, { optimizer: sgd(), typed: true }));
 * const seconds = costs.map((cost) => kernelSeconds(cost, ACCELERATORS.h100, "tf32"));
 * assert(seconds.reduce((sum, time) => sum + time) > 0);
 * ```
 */
export function stepCosts(step: MethodStep | AccumulatedMethodStep): StepCost[] {
  return runsOf(step).flatMap(([model, bytes, runs]) =>
    modelCosts(traceModel(bytes)).map((cost) => ({ ...cost, model, runs }))
  );
}
