/**
 * What the stages of a generator's training have in common: a loss over a scope's parameters as a training step, with moving
 * averages of its parameters.
 *
 * @module
 */
import { type Tensor, tensor, zeros } from "../../engine/graph/tensor.ts";
import { input, type Value } from "../../engine/graph/value.ts";
import type { Scope } from "../../engine/nn/scope.ts";
import { adamW, type ExponentialMovingAverage } from "../../engine/optim/mod.ts";
import type { Precision } from "../../engine/precision/precision.ts";
import { buildStep, type BuiltStep } from "../../engine/step/build_step.ts";

/** A loss as a graph. */
export interface StageGraph {
  /** Where the network's parameters are declared. */
  readonly scope: Scope;
  /** The scalar to minimise. */
  readonly loss: Value;
  /** Further scalars that are shown, by name. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** What is written before each step. */
  readonly batch: readonly Value[];
}

/** How a stage's parameters follow their gradients. */
export interface StageOptimization {
  /** AdamW's share of the mean gradient that is kept. */
  readonly beta1: number;
  /** AdamW's share of the mean squared gradient that is kept. */
  readonly beta2: number;
  /** What AdamW adds to the root of the mean squared gradient. */
  readonly epsilon: number;
  /** Largest norm of the gradient of all parameters together; 0 clips none. */
  readonly clipGradientNorm: number;
  /** What the forward and the backward pass compute in (default float32). */
  readonly precision?: Precision;
  /** Parameters that stay as they are, by name (default none). */
  readonly isFrozen?: (name: string) => boolean;
}

/** What names of averages begin with. */
const AVERAGE = "average.";

/** A training step of a stage, and what it starts from. */
export interface BuiltStage {
  /** The step. */
  readonly step: BuiltStep;
  /** Names of the network's parameters. */
  readonly parameters: readonly string[];
  /** What lasts from step to step, as a run starts with it: initial parameters and their averages. */
  initialize(seed: number): Map<string, Tensor>;
}

/** The name of a parameter's moving average. */
export function averageName(parameter: string): string {
  return `${AVERAGE}${parameter}`;
}

/** The averages of a stage's state under the names of the parameters. */
export function averagesIn<T>(state: ReadonlyMap<string, T>): Map<string, T> {
  return new Map(
    [...state].filter(([name]) => name.startsWith(AVERAGE)).map((
      [name, value],
    ) => [name.slice(AVERAGE.length), value]),
  );
}

/** State in which parameters and their averages are the same. */
export function withAverages(parameters: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const averages = [...parameters].map(([name, value]) => [averageName(name), value] as const);
  return new Map([...parameters, ...averages]);
}

/** The last map of each residual branch, of residual blocks, attention and transformers, and the UNet's own. */
const BRANCH_END = /(\.(conv2|to_out\.0|proj_out)|^conv_out)\.weight$/;

/**
 * Initial parameters that keep the variance of what passes through: weights of the variance 1 / fan in, which is 3 times
 * PyTorch's, biases of 0, and residual branches that begin as nothing, so that a network begins as the short path through
 * it. With PyTorch's, biases outweigh after some layers what is left of an image, and training starts slowly.
 *
 * Source: LeCun et al. 1998, "Efficient backprop", section 4.6; for the branches Dhariwal & Nichol 2021, "Diffusion models
 * beat GANs on image synthesis", whose program zeroes the same maps.
 */
function initialParameters(scope: Scope, seed: number): Map<string, Tensor> {
  return new Map(
    [...scope.initialize(seed)].map(([name, value]) => {
      const { dtype, shape, data } = value as Tensor<"float32">;
      if (BRANCH_END.test(name) || name.endsWith(".bias")) return [name, zeros(dtype, shape)];
      if (shape.length < 2) return [name, value];
      return [name, tensor(dtype, shape, data.map((weight) => Math.sqrt(3) * weight))];
    }),
  );
}

/**
 * Differentiates a stage's loss. All parameters have exponential moving averages, those that are frozen too, so that the
 * averages are the whole network.
 *
 * @throws {TypeError} if the loss does not depend on a parameter, or all are frozen
 */
export function buildStage(graph: StageGraph, options: StageOptimization): BuiltStage {
  const { beta1, beta2, epsilon, clipGradientNorm, precision, isFrozen = () => false } = options;
  const declarations = [...graph.scope.declarations.values()];
  const trained = declarations.filter(({ name }) => !isFrozen(name));
  const averageOf = ({ name, value }: { readonly name: string; readonly value: Value }) =>
    input(averageName(name), value.dtype, value.shape);
  const averages = new Map(declarations.map((each) => [each.name, averageOf(each)]));
  const following = trained.map(({ name }): ExponentialMovingAverage => ({
    source: name,
    target: averages.get(name)!,
  }));
  const step = buildStep({
    loss: graph.loss,
    outputs: graph.outputs,
    parameters: trained.map(({ value }) => value),
    state: [...declarations.map(({ value }) => value), ...averages.values()],
    batch: graph.batch,
    optimizer: adamW({ beta1, beta2, epsilon }),
    exponentialMovingAverages: following,
    gradientNorm: true,
    ...(clipGradientNorm > 0 && { clipGradientNorm }),
    ...(precision && { precision }),
  });
  return {
    step,
    parameters: declarations.map(({ name }) => name),
    initialize: (seed) => withAverages(initialParameters(graph.scope, seed)),
  };
}
