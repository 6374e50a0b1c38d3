/**
 * What a process sends in a training step that several take together, from the step's models alone.
 *
 * @module
 */
import { byteSize } from "../../engine/graph/dtype.ts";
import { elementCount } from "../../engine/graph/shape.ts";
import { type ModelTrace, traceModel } from "../../engine/onnx/mod.ts";
import { gradientName } from "../../engine/optim/mod.ts";
import type { AccumulatedMethodStep } from "../step/accumulation/accumulated_step.ts";
import type { MethodStep } from "../step/method_step.ts";
import { runsOf } from "./step_cost.ts";

/** What each process sends in a step. */
export interface StepTraffic {
  /** Bytes of the gradients that all processes sum. */
  readonly gradients: number;
  /** Bytes that a process sends to sum them: 2 (N - 1) / N times as many, the least that N processes can do with. */
  readonly gradientsSent: number;
  /** Collectives within the networks and the loss: synchronised batch norm, gathered embeddings. */
  readonly collectives: number;
  /** Bytes that a process sends in these, at the least. */
  readonly collectivesSent: number;
}

/**
 * Bytes that each of N processes sends, at the least, per byte that a collective reads of it: what it has for all others, or
 * a sum's parts, which go around once to be summed and once to be handed out.
 */
const SENT: Readonly<Record<string, (ranks: number) => number>> = {
  AllReduce: (ranks) => 2 * (ranks - 1) / ranks,
  ReduceScatter: (ranks) => (ranks - 1) / ranks,
  AllGather: (ranks) => ranks - 1,
};

function collectivesIn({ nodes, tensors }: ModelTrace, ranks: number): readonly number[] {
  return nodes.flatMap(({ type, inputs }) => {
    const share = SENT[type];
    return share === undefined ? [] : [share(ranks) * tensors.get(inputs[0]!)!.bytes];
  });
}

/**
 * What each process sends in a step that was compiled for several, with option `typed`; nothing in one for a single process.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import simsiam from "../../../plugins/simsiam/mod.ts";
 * import { backbone } from "../../backbones/mod.ts";
 * import { sgd } from "../../engine/optim/mod.ts";
 * import { checkMethod } from "../../method/mod.ts";
 * import { buildMethodGraph } from "../step/method_graph.ts";
 * import { buildMethodStep } from "../step/method_step.ts";
 * import { stepTraffic } from "./step_traffic.ts";
 *
 * const graph = buildMethodGraph(checkMethod(simsiam, "simsiam"), {
 *   backbone: backbone("resnet18"),
 *   viewSizes: [32, 32],
 *   batchSize: 8,
 *   options: { projectorWidth: 64, predictorWidth: 16 },
 * });
 * const traffic = stepTraffic(buildMethodStep(graph, { optimizer: sgd(), typed: true }));
 * assertEquals([traffic.gradientsSent, traffic.collectives], [0, 0]);
 * ```
 */
export function stepTraffic(step: MethodStep | AccumulatedMethodStep): StepTraffic {
  const { ranks, state, passed } = step.built;
  const names = new Set(state.map(({ name }) => gradientName(name)));
  const gradients = passed.filter(({ name }) => names.has(name))
    .reduce((sum, { dtype, shape }) => sum + elementCount(shape) * byteSize(dtype), 0);
  const sent = ranks === 1 ? [] : runsOf(step).flatMap(([, model, runs]) => {
    const found = collectivesIn(traceModel(model), ranks);
    return Array.from({ length: runs }, () => found).flat();
  });
  return {
    gradients,
    gradientsSent: ranks === 1 ? 0 : SENT["AllReduce"]!(ranks) * gradients,
    collectives: sent.length,
    collectivesSent: sent.reduce((sum, bytes) => sum + bytes, 0),
  };
}
