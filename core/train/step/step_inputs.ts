/**
 * What a method's step is given before it is taken, and what it reports afterwards, whether it takes its batch whole or by
 * micro-batches.
 *
 * @module
 */
import type { DType } from "../../engine/graph/dtype.ts";
import { filled } from "../../engine/graph/tensor.ts";
import {
  inversePermutationName,
  metricName,
  pairWeightsName,
  permutationName,
} from "../../engine/optim/step_names.ts";
import type { DeviceTensor } from "../../engine/ort/mod.ts";
import type { StepOutcome } from "../../engine/step/mod.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import { type MethodStepNames, SPREAD } from "./method_step.ts";
import { drawPermutation } from "./permutation.ts";

/** What the randomness of a step is drawn by. */
export interface StepDraw {
  /** Seed of the run. */
  readonly seed: number;
  /** Steps taken before. */
  readonly step: number;
}

/** Two views of each sample, and how much each such pair weighs, where the weights lie. */
export interface PairInput {
  /** Indices of the views, ascending. */
  readonly views: readonly [first: number, second: number];
  /** The weights, `[N]`, ones at first. */
  readonly weights: DeviceTensor<"float32">;
}

/** What a step reports. */
export interface StepResult {
  /** The loss before the step. */
  readonly loss: number;
  /** See `embeddingSpread`. */
  readonly spread: number;
  /** Norm of the whole gradient, before clipping. */
  readonly gradientNorm: number;
  /** Whether parameters followed: not where the loss, or a gradient of a scaled loss, was not a finite number. */
  readonly updated: boolean;
  /** The method's own scalars. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** A step whose batch is found by names. */
interface NamedBatch {
  input<D extends DType>(name: string, dtype: D): DeviceTensor<D>;
}

/** The weights of a step's pairs where they lie, each set to ones. */
export function placePairs(
  step: NamedBatch,
  { pairs }: Pick<MethodStepNames, "pairs">,
): PairInput[] {
  return pairs.map((views) => {
    const weights = step.input(pairWeightsName(...views), "float32");
    weights.write(filled("float32", weights.type.shape, 1));
    return { views, weights };
  });
}

/**
 * Draws the permutations of a step and writes them.
 *
 * @returns their orders by name: the index of the sample at each place
 * @throws {TypeError} if there are some and nothing that they are drawn by
 */
export function writePermutations(
  step: NamedBatch,
  names: readonly string[],
  draw: StepDraw | undefined,
): ReadonlyMap<string, BigInt64Array> {
  return new Map(names.map((name) => {
    if (draw === undefined) {
      throw new GenviewTypeError(
        `Cannot take a step: permutation "${name}" needs the seed and the step that it is drawn by`,
      );
    }
    const place = step.input(permutationName(name), "int64");
    const { order, inverse } = drawPermutation(name, place.type.shape[0]!, draw);
    place.write(order);
    step.input(inversePermutationName(name), "int64").write(inverse);
    return [name, order.data];
  }));
}

/** What a step reports, from what its models gave. */
export function stepResult(
  { loss, updated, outputs, measures }: StepOutcome,
  metrics: readonly string[],
): StepResult {
  return {
    loss,
    spread: outputs[SPREAD]!,
    gradientNorm: measures["gradient_norm"] ?? NaN,
    updated,
    metrics: Object.fromEntries(metrics.map((name) => [name, outputs[metricName(name)]!])),
  };
}
