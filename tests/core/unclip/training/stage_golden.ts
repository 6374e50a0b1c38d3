/**
 * Steps of a stage beside those of a program in PyTorch.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Shape } from "../../../../core/engine/graph/shape.ts";
import { type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import { adamW } from "../../../../core/engine/optim/mod.ts";
import { CPU } from "../../../../core/engine/ort/mod.ts";
import { BoundStep } from "../../../../core/engine/step/bound_step.ts";
import {
  buildStage,
  type StageGraph,
  withAverages,
} from "../../../../core/unclip/training/built_stage.ts";
import { hashedParameter, hashedTensor, sampledIndices } from "../../engine/nn/hashed_values.ts";
import { euclideanNorm, relativeError } from "../../engine/nn/relative_error.ts";

/** How the program in PyTorch optimises. */
export interface StepsSetup {
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly epsilon: number;
  readonly clipGradientNorm: number;
  readonly averageDecay: number;
  /** Elements that are held of each tensor. */
  readonly samples: number;
}

/** What it made, by names that begin with the case. */
export interface StepsGolden {
  readonly setup: StepsSetup;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

export type Batch = Readonly<Record<string, Tensor>>;

/** Hashed bytes. */
export function pixelsOf(name: string, shape: Shape): Tensor<"uint8"> {
  const { data } = hashedTensor(name, shape);
  return tensor("uint8", shape, Uint8Array.from(data, (value) => Math.floor(128 * value + 128)));
}

/** Takes the steps of a case, and compares every number of a step and what became of every parameter and average. */
export async function assertFollows(
  golden: StepsGolden,
  name: string,
  graph: StageGraph,
  batchOf: (step: number) => Batch,
  frozen?: string,
): Promise<void> {
  const { epsilon, clipGradientNorm, learningRate, weightDecay, averageDecay } = golden.setup;
  const optimization = { beta1: 0.9, beta2: 0.999, epsilon, clipGradientNorm };
  const stage = buildStage(graph, {
    ...optimization,
    ...(frozen !== undefined && { isFrozen: (key) => key.startsWith(frozen) }),
  });
  const initial = withAverages(
    new Map(
      [...graph.scope.declarations].map((
        [key, { value }],
      ) => [key, hashedParameter(key, value.shape)]),
    ),
  );
  const { stepScalars } = adamW(optimization);
  using step = await BoundStep.create(
    stage.step,
    { device: CPU, threads: 1 },
    { state: initial },
  );
  const series: Record<string, number[]> = {};
  for (let at = 0; at < golden.setup.steps; at++) {
    for (const [key, value] of Object.entries(batchOf(at))) {
      step.input(key, value.dtype).write(value);
    }
    const { loss, outputs, measures } = await step.run({
      learning_rate: learningRate,
      weight_decay: weightDecay,
      average_rate: 1 - averageDecay,
      ...stepScalars(at),
    });
    const found = { losses: loss, norms: measures["gradient_norm"]!, ...outputs };
    for (const [key, value] of Object.entries(found)) (series[key] ??= []).push(value);
  }
  for (const [key, values] of Object.entries(series)) {
    golden.tensors.get(`${name}/${key}`)!.data.forEach((wanted, i) => {
      const error = Math.abs(values[i]! / Number(wanted) - 1);
      assert(error <= 1e-3, `${key}[${i}] differs from PyTorch's ${wanted} by ${error}`);
    });
  }
  const prefix = `${name}/value/`;
  const names = [...golden.tensors.keys()].filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
  assertEquals([...step.state.keys()].sort(), names.sort());
  for (const key of names) {
    assertTensor(golden, name, key, initial.get(key)!, step.state.get(key)!.read());
  }
}

/** Compares a parameter or an average with PyTorch's, and how far it has moved. */
function assertTensor(
  golden: StepsGolden,
  name: string,
  key: string,
  initial: Tensor,
  final: Tensor,
): void {
  const [before, after] = [initial, final].map(({ data }) => Array.from(data, Number));
  const wanted = golden.tensors.get(`${name}/value/${key}`)!.data;
  const indices = sampledIndices(key, after!.length, golden.setup.samples);
  const value = relativeError(after!, wanted, indices);
  assert(value <= 1e-3, `${key} differs from PyTorch's by ${value}`);
  const [norm] = golden.tensors.get(`${name}/norm/${key}`)!.data;
  const length = Math.abs(euclideanNorm(after!) / Number(norm) - 1);
  assert(length <= 1e-3, `the norm of ${key} differs from PyTorch's by ${length}`);
  const [change] = golden.tensors.get(`${name}/change/${key}`)!.data;
  const moved = euclideanNorm(after!.map((number, i) => number - before![i]!));
  // What is frozen does not move at all.
  if (Number(change) === 0) return assertEquals(moved, 0, key);
  const error = Math.abs(moved / Number(change) - 1);
  // Of a bias that takes no part, such as that of keys, nothing but the decay and rounding moves.
  assert(error <= 1e-2, `${key} has moved by ${moved}, and PyTorch's by ${change}`);
}
