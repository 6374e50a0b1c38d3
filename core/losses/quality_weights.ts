/**
 * GenView's quality-driven weights: pairs of views with similar foregrounds and dissimilar backgrounds weigh more.
 *
 * Source: Li et al. 2024 (GenView), arXiv 2403.12003, section 3.3; `mmpretrain/models/selfsup/simsiam.py` of the
 * reference implementation.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import type { Value } from "../engine/graph/value.ts";
import { add } from "../engine/ops/add.ts";
import { div } from "../engine/ops/div.ts";
import { l2Normalize } from "../engine/ops/l2_normalize.ts";
import { matMul } from "../engine/ops/mat_mul.ts";
import { mul } from "../engine/ops/mul.ts";
import { reduceMax } from "../engine/ops/reduce_max.ts";
import { reduceMin } from "../engine/ops/reduce_min.ts";
import { reduceSum } from "../engine/ops/reduce_sum.ts";
import { reshape } from "../engine/ops/reshape.ts";
import { softmax } from "../engine/ops/softmax.ts";
import { stopGradient } from "../engine/ops/stop_gradient.ts";
import { sub } from "../engine/ops/sub.ts";

/** Keeps a flat map, or one that is empty, from being divided by 0. */
const EPSILON = 1e-7;

/** How pooled features are compared. */
export type FeatureSimilarity = "cosine" | "dot";

/** Options of {@linkcode qualityWeights}. */
export interface QualityOptions {
  /** How much the weights of pairs differ, γ: at 0 all are 1 (default 1, as in GenView; GenView++ takes 2). */
  readonly sharpness?: number;
  /** How pooled features are compared (default by their cosine). */
  readonly similarity?: FeatureSimilarity;
}

/** How alike the two views of each of N pairs are. */
export interface PairSimilarity {
  /** Similarity of the two foregrounds, `[N]`; within [-1, 1] for cosines. */
  readonly foreground: Value;
  /** Similarity of the two backgrounds, `[N]`. */
  readonly background: Value;
  /** The foreground maps of the first and the second view, `[N, P]` in [0, 1]; the background's are 1 minus them. */
  readonly maps: readonly [Value, Value];
}

/** What is known of the pairs of a batch of N. */
export interface PairQuality extends PairSimilarity {
  /** Weights `[N]`, with mean 1. */
  readonly weights: Value;
}

/** The soft foreground map `[N, P]` of tokens `[N, P, D]`: their projections, stretched to [0, 1] in each image. */
export function foregroundMap(tokens: Value, component: Value): Value {
  const [count, positions, width] = tokens.shape as [number, number, number];
  const scores = reshape(matMul(tokens, reshape(component, [width, 1])), [count, positions]);
  const lowest = reduceMin(scores, { axis: 1, keepDims: true });
  const range = sub(reduceMax(scores, { axis: 1, keepDims: true }), lowest);
  return div(sub(scores, lowest), add(range, EPSILON));
}

/** Tokens `[N, P, D]` averaged by a map `[N, P]`, `[N, D]`. */
function pool(tokens: Value, map: Value): Value {
  const [count, positions, width] = tokens.shape as [number, number, number];
  const attention = div(map, add(reduceSum(map, { axis: 1, keepDims: true }), EPSILON));
  return reshape(matMul(reshape(attention, [count, 1, positions]), tokens), [count, width]);
}

/** A view's map, and what its foreground and its background hold. */
function viewOf(
  given: Value,
  component: Value,
): Record<"map" | "foreground" | "background", Value> {
  const tokens = stopGradient(given);
  const map = foregroundMap(tokens, component);
  return { map, foreground: pool(tokens, map), background: pool(tokens, sub(1, map)) };
}

function checkShapes(first: Value, second: Value, component: Value): void {
  const shapes = [first, second, component].map(({ shape }) => `[${shape.join(",")}]`).join(", ");
  const [count, , width] = first.shape;
  if (first.rank === 3 && second.rank === 3 && component.rank === 1) {
    if (second.shape[0] === count && second.shape[2] === width && component.shape[0] === width) {
      return;
    }
  }
  throw new GenviewRangeError(
    "Cannot weigh pairs: two batches of tokens [N,P,D] and a component [D] are needed, " +
      `found ${shapes}`,
  );
}

/**
 * Compares the two views of each pair: s_f and s_b, the similarities of their foregrounds and of their backgrounds, each
 * pooled by its soft map. No gradient flows through them.
 *
 * The two views need not have the same number of tokens, nor show the same part of a scene.
 *
 * @param first tokens of the first views, `[N, P, D]`
 * @param second tokens of the second views, `[N, Q, D]`
 * @param component the principal component of such tokens that is high in foregrounds, `[D]`
 * @throws {RangeError} if shapes do not fit
 */
export function pairSimilarity(
  first: Value,
  second: Value,
  component: Value,
  similarity: FeatureSimilarity = "cosine",
): PairSimilarity {
  checkShapes(first, second, component);
  const views = [viewOf(first, component), viewOf(second, component)] as const;
  const compare = (part: "foreground" | "background"): Value => {
    const pooled = views.map((view) => view[part]);
    const [a, b] = similarity === "cosine"
      ? pooled.map((features) => l2Normalize(features))
      : pooled;
    return reduceSum(mul(a!, b!), { axis: 1 });
  };
  return {
    foreground: compare("foreground"),
    background: compare("background"),
    maps: [views[0].map, views[1].map],
  };
}

/**
 * The weights of pairs: w = N softmax(γ (s_f - s_b)) over all N, which is exp(γ (s_f - s_b)) over its mean. Of several views
 * the pairs of all of them are given at once, so that a better pair of views weighs more than another.
 *
 * Source: Li et al. 2024 (GenView), arXiv 2403.12003, section 3.3, with γ = 1; Li et al. 2025 (GenView++), arXiv 2509.23770,
 * and `calculate_weight` of `util/quality_driven_weight.py` in its code, with γ = 2, over the pairs of one process, where here
 * those of all processes are weighed together.
 *
 * @param foreground s_f, `[N]`
 * @param background s_b, `[N]`
 * @param sharpness γ; at 0 all weights are 1
 */
export function similarityWeights(foreground: Value, background: Value, sharpness = 1): Value {
  const quality = mul(sub(foreground, background), sharpness);
  return mul(softmax(quality, { axis: 0 }), foreground.shape[0]!);
}

/**
 * Weights pairs of views by {@linkcode pairSimilarity} and {@linkcode similarityWeights}.
 *
 * ```ts
 * import { assert, assertAlmostEquals } from "@std/assert";
 * import { constant } from "../engine/graph/value.ts";
 * import { float32 } from "../engine/graph/tensor.ts";
 * import { encodeModel } from "../engine/onnx/mod.ts";
 * import { Session } from "../engine/ort/mod.ts";
 * import { qualityWeights } from "./quality_weights.ts";
 *
 * // Two pairs of views of two tokens, of which the first, high in the component, is the foreground.
 * const first = float32([2, 2, 3], [9, 1, 0, 0, 1, 0, 9, 1, 0, 0, 1, 0]);
 * // The first pair has another background, the second another foreground.
 * const second = float32([2, 2, 3], [9, 1, 0, 0, 0, 1, 9, 0, 9, 0, 1, 0]);
 * const component = constant(float32([3], [1, 0, 0]));
 * const { weights } = qualityWeights(constant(first), constant(second), component);
 *
 * using session = await Session.create(encodeModel({ outputs: { weights } }));
 * const [better, worse] = (await session.run({})).weights!.data as Float32Array;
 * assert(better! > worse!);
 * assertAlmostEquals(better! + worse!, 2, 1e-5);
 * ```
 *
 * @param first tokens of the first views, `[N, P, D]`
 * @param second tokens of the second views, `[N, Q, D]`
 * @param component the principal component of such tokens that is high in foregrounds, `[D]`
 * @throws {RangeError} if shapes do not fit
 */
export function qualityWeights(
  first: Value,
  second: Value,
  component: Value,
  { sharpness = 1, similarity }: QualityOptions = {},
): PairQuality {
  const found = pairSimilarity(first, second, component, similarity);
  return { ...found, weights: similarityWeights(found.foreground, found.background, sharpness) };
}
