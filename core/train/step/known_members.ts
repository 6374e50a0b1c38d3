/**
 * The members that options have which a plugin hands over: it may be untyped, and a misspelt one would be passed over.
 *
 * @module
 */
import { Value } from "../../engine/graph/value.ts";
import type * as initializers from "../../engine/nn/initializers.ts";
import type { MlpLayer } from "../../engine/nn/mlp.ts";
import type * as operators from "../../engine/ops/mod.ts";
import type * as losses from "../../losses/mod.ts";
import type { FreezeOptions, MethodOutputs, NetworkOptions } from "../../method/method.ts";
import { checkMembers, type Members } from "../../schema/check_members.ts";

/** What the last argument of a function may be. */
type LastOf<F> = F extends (...given: infer Arguments) => unknown
  ? Required<Arguments> extends readonly [...unknown[], infer Last] ? Last : never
  : never;

/** What of a type is an object of options. */
type OptionsIn<T> = T extends
  | Value
  | readonly unknown[]
  | ((...given: never[]) => unknown)
  | string
  | number
  | boolean
  | undefined ? never
  : T;

/** The members of the options of each function of a module that has some. */
type FunctionOptions<Module> = {
  readonly [
    Name in keyof Module as [OptionsIn<LastOf<Module[Name]>>] extends [never] ? never : Name
  ]: Members<OptionsIn<LastOf<Module[Name]>>>;
};

const AXIS = { axis: true } as const;
const REDUCTION = { axis: true, axes: true, keepDims: true } as const;
const WINDOWS = { strides: true, pads: true } as const;
const SCALED = { scale: true, bias: true, epsilon: true } as const;
const PRODUCT = { transposeA: true, transposeB: true, alpha: true } as const;
const WEIGHTS = { weights: true } as const;

/** Options of the operators. */
export const OPERATORS: FunctionOptions<typeof operators> = {
  argMax: { axis: true, keepDims: true },
  averagePool: { ...WINDOWS, kernel: true, ceil: true, countIncludePad: true },
  batchNormalization: SCALED,
  batchNormalizationInference: { ...SCALED, mean: true, variance: true },
  clip: { min: true, max: true },
  concat: AXIS,
  conv: { ...WINDOWS, dilations: true, bias: true, group: true },
  convTranspose: { ...WINDOWS, dilations: true, bias: true, group: true, outputPadding: true },
  gather: { ...AXIS, unique: true },
  gatherElements: AXIS,
  gelu: { approximate: true },
  gemm: { ...PRODUCT, c: true, beta: true },
  globalAveragePool: { keepDims: true },
  groupNormalization: { ...SCALED, groups: true },
  l2Normalize: { ...AXIS, epsilon: true },
  layerNormalization: { ...SCALED, axis: true },
  logSoftmax: AXIS,
  logSumExp: REDUCTION,
  matMul: PRODUCT,
  maxPool: { ...WINDOWS, kernel: true, ceil: true, dilations: true },
  multiHeadAttention: { heads: true },
  oneHot: { dtype: true },
  pad: { mode: true, value: true },
  reduceL2: REDUCTION,
  reduceMax: REDUCTION,
  reduceMean: REDUCTION,
  reduceMin: REDUCTION,
  reduceSum: REDUCTION,
  resize: { mode: true, size: true, antialias: true },
  runningAverage: { kept: true, factor: true },
  scaledDotProductAttention: { scale: true, mask: true },
  scatterElements: { ...AXIS, reduction: true },
  slice: { axes: true, starts: true, ends: true, steps: true },
  softmax: AXIS,
  split: AXIS,
  synchronizedBatchNormalization: SCALED,
  topK: { ...AXIS, largest: true },
};

/** Options of the losses. */
export const LOSSES: FunctionOptions<typeof losses> = {
  barlowTwins: { ...WEIGHTS, redundancyWeight: true },
  crossEntropy: { ...WEIGHTS, temperature: true },
  infoNce: { ...WEIGHTS, temperature: true, negatives: true },
  invarianceLoss: WEIGHTS,
  multiPositive: { temperature: true, ownView: true, weightsOfPair: true },
  negativeCosineSimilarity: WEIGHTS,
  qualityWeights: { sharpness: true, similarity: true },
  sinkhorn: { epsilon: true, iterations: true },
};

/** Options of the distributions of initial values. */
export const INITIALIZERS: FunctionOptions<typeof initializers> = {
  kaimingNormal: { fan: true, gain: true },
  truncatedNormalInitializer: { mean: true, low: true, high: true },
};

const NETWORK: Members<NetworkOptions> = { batchNormGroups: true };

const FREEZE: Members<FreezeOptions> = { frozen: true };

const LAYER: Members<MlpLayer> = {
  width: true,
  bias: true,
  norm: true,
  affine: true,
  activation: true,
  weightInitializer: true,
  biasInitializer: true,
  weightNorm: true,
};

const OUTPUTS: Members<MethodOutputs> = {
  loss: true,
  embeddings: true,
  metrics: true,
  lossRange: true,
};

/** Whether an argument is an object of options. */
function isOptions(argument: unknown): argument is object {
  return typeof argument === "object" && argument !== null && !Array.isArray(argument) &&
    !(argument instanceof Value);
}

/**
 * A module whose functions refuse options that they have not. Options are the last argument, and no other is a plain object.
 *
 * @param name how a plugin calls it, such as `ops`
 * @param options members of the options by the name of the function
 */
export function checkedModule<Module extends object>(
  name: string,
  module: Module,
  options: FunctionOptions<Module>,
): Module {
  const members: Readonly<Record<string, Readonly<Record<string, true>>>> = options;
  const checked = Object.entries(module).map(([key, member]) => {
    const known = Object.hasOwn(members, key) ? members[key] : undefined;
    if (known === undefined) return [key, member];
    return [key, (...given: unknown[]) => {
      const last = given.at(-1);
      if (isOptions(last)) checkMembers(`apply ${name}.${key}`, "its options", last, known);
      return member(...given);
    }];
  });
  return Object.fromEntries(checked);
}

/** Refuses options of a network that there are not. */
export function checkNetworkOptions(options: NetworkOptions): void {
  checkMembers("make a network", "its options", options, NETWORK);
}

/** Refuses options of a head or of prototypes that there are not. */
export function checkFreezeOptions(name: string, options: FreezeOptions): void {
  checkMembers(`make "${name}"`, "its options", options, FREEZE);
}

/** Refuses members of a perceptron's layers that there are not. */
export function checkLayerMembers(name: string, layers: readonly MlpLayer[]): void {
  layers.forEach((layer, i) =>
    checkMembers(`make perceptron "${name}", layer ${i}`, "layers", layer, LAYER)
  );
}

/** Refuses outputs of a method that there are not. */
export function checkOutputMembers(action: string, outputs: MethodOutputs): void {
  checkMembers(action, "its outputs", outputs, OUTPUTS);
}
