/**
 * What is foreground in stored features.
 *
 * @module
 */
import type { TokenNetwork } from "../encoders/token_encoder.ts";
import { type Tensor, tensor } from "../engine/graph/tensor.ts";
import { CPU, type Placement } from "../engine/ort/mod.ts";
import { type Covariance, CovarianceAccumulator } from "./covariance.ts";
import type { ExtractionEvent } from "./extraction_event.ts";
import { FeatureFiles } from "./feature_files.ts";
import { type Orientation, orientScores } from "./orientation.ts";
import { type PrincipalComponent, principalComponent } from "./principal_component.ts";
import { tokenScores } from "./scores.ts";
import { genviewThreshold, quantileThreshold } from "./threshold.ts";

/** How the threshold between background and foreground is found. */
export type ThresholdRule =
  /** The threshold that leaves a share of all tokens above it, in (0, 1): see {@linkcode quantileThreshold}. */
  | { readonly kind: "quantile"; readonly share: number }
  /** The original program's, to the bit: see {@linkcode genviewThreshold}. An extraction computes its features without TF32. */
  | { readonly kind: "genview" }
  /** A number. */
  | { readonly kind: "given"; readonly value: number };

/** The network of the features that are analysed: the facts of a `TokenNetwork` that are needed. */
export type AnalyzedNetwork = Pick<TokenNetwork, "grid" | "width">;

/** What an analysis finds. */
export interface Analysis {
  /** Oriented so that the foreground has high scores, and negated once more with `flip`. */
  readonly component: PrincipalComponent;
  /** Mean token, D numbers. */
  readonly mean: Float32Array<ArrayBuffer>;
  /** How the component was oriented. */
  readonly orientation: Orientation;
  /** Tokens with scores greater than it are foreground. */
  readonly threshold: number;
  /** float32 `[N, P]`, in the order of the keys. */
  readonly scores: Tensor<"float32">;
}

/** How {@linkcode analyze} runs. */
export interface AnalyzeOptions extends Placement {
  /** Folder of the network's features. */
  readonly folder: string;
  /** How the threshold is found. */
  readonly rule: ThresholdRule;
  /** Whether the component is negated after it was oriented (default false). */
  readonly flip?: boolean | undefined;
  /** Receives progress. */
  readonly report?: ((event: ExtractionEvent) => void) | undefined;
}

/** Reads features one after the other, with progress. */
async function* storedTokens(
  network: AnalyzedNetwork,
  keys: readonly string[],
  { folder, report }: AnalyzeOptions,
  phase: "covariance" | "scores",
): AsyncGenerator<Tensor<"float32">> {
  const files = new FeatureFiles(folder);
  const [rows, columns] = network.grid;
  report?.({ kind: "progress", phase, done: 0, total: keys.length });
  for (const [i, key] of keys.entries()) {
    yield await files.read(key, network.width, rows * columns);
    report?.({ kind: "progress", phase, done: i + 1, total: keys.length });
  }
}

async function storedCovariance(
  network: AnalyzedNetwork,
  keys: readonly string[],
  options: AnalyzeOptions,
): Promise<Covariance> {
  const { device, threads } = options;
  using accumulator = await CovarianceAccumulator.create(network.width, {
    // WebGPU has no float64 to add in.
    device: device.provider === "webgpu" ? CPU : device,
    threads,
  });
  for await (const tokens of storedTokens(network, keys, options, "covariance")) {
    await accumulator.add(tokens);
  }
  return await accumulator.finish();
}

function thresholdOf(scores: Float32Array, rule: ThresholdRule): number {
  if (rule.kind === "given") return Math.fround(rule.value);
  return rule.kind === "genview" ? genviewThreshold(scores) : quantileThreshold(scores, rule.share);
}

/**
 * Finds the principal component of stored features, orients it, scores all tokens and finds the threshold. Features are
 * read twice, one image at a time.
 *
 * @param keys of images that have features
 * @throws {TypeError} if a file holds other features than the network's
 * @throws {RangeError} if there are fewer than two tokens, or all are equal
 */
export async function analyze(
  network: AnalyzedNetwork,
  keys: readonly string[],
  options: AnalyzeOptions,
): Promise<Analysis> {
  const { rule, flip = false, report } = options;
  const covariance = await storedCovariance(network, keys, options);
  report?.({ kind: "decomposing", tokens: covariance.count });
  const component = principalComponent(covariance);
  const { coordinates } = component;
  const [rows, columns] = network.grid;
  const scores = new Float32Array(keys.length * rows * columns);
  let at = 0;
  for await (const tokens of storedTokens(network, keys, options, "scores")) {
    const own = tokenScores(tokens, coordinates).data;
    scores.set(own, at);
    at += own.length;
  }
  const all = tensor("float32", [keys.length, rows * columns], scores);
  const orientation = orientScores(all, network.grid, coordinates);
  if (orientation.negate !== flip) {
    for (const values of [coordinates, scores]) values.forEach((x, i) => values[i] = -x);
  }
  return {
    component,
    mean: Float32Array.from(covariance.mean),
    orientation,
    threshold: thresholdOf(scores, rule),
    scores: all,
  };
}
