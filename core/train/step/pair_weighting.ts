/**
 * Quality-driven weights in training: before each step a frozen encoder compares the views of each pair.
 *
 * Source: Li et al. 2024 (GenView), arXiv 2403.12003, section 3.3.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import type { TokenNetwork } from "../../encoders/token_encoder.ts";
import { renormalize } from "../../data/normalize_pixels.ts";
import type { Normalization } from "../../data/views/recipe.ts";
import { float32, int64, type Tensor, tensor } from "../../engine/graph/tensor.ts";
import { constant, input, type Value } from "../../engine/graph/value.ts";
import { encodeModel } from "../../engine/onnx/encode_model.ts";
import { concat } from "../../engine/ops/concat.ts";
import { gather } from "../../engine/ops/gather.ts";
import { resize } from "../../engine/ops/resize.ts";
import { split } from "../../engine/ops/split.ts";
import { viewName } from "../../engine/optim/step_names.ts";
import { type Binding, DeviceTensor, type Placement, Session } from "../../engine/ort/mod.ts";
import {
  pairSimilarity,
  type QualityOptions,
  similarityWeights,
} from "../../losses/quality_weights.ts";

/** The frozen network that weights pairs of views, and how. */
export interface PairEncoder extends QualityOptions {
  /** The frozen network. It sees the views of training, resized to its own size where theirs is another. */
  readonly network: TokenNetwork;
  /** Principal component of its tokens that is high in foregrounds, `[width]`. */
  readonly component: Float32Array;
}

/** The training step whose pairs are weighted. */
export interface WeighedStep extends Placement {
  /** The views; the first two are the pair. */
  readonly views: readonly DeviceTensor<"float32">[];
  /** Statistics that each view is normalised by. */
  readonly normalize: readonly Normalization[];
  /** Takes the weights, `[N]`. */
  readonly pairWeights: DeviceTensor<"float32">;
}

/** How the pairs of a batch were judged. */
export interface PairJudgement {
  /** s_f, `[N]`. */
  readonly foreground: Float32Array;
  /** s_b, `[N]`. */
  readonly background: Float32Array;
  /** w, `[N]`, with mean 1. */
  readonly weights: Float32Array;
  /** Foreground maps of both views of the pairs that were asked for, float32 `[n, P]` in [0, 1]. */
  readonly maps: readonly [Tensor<"float32">, Tensor<"float32">];
}

/** What is logged of a batch's judgement. */
export function summarizeJudgement(
  { foreground, background, weights }: PairJudgement,
): Readonly<Record<string, number>> {
  const mean = (values: Float32Array) => values.reduce((sum, x) => sum + x, 0) / values.length;
  return {
    foregroundSimilarity: mean(foreground),
    backgroundSimilarity: mean(background),
    largestPairWeight: weights.reduce((most, x) => Math.max(most, x)),
  };
}

/** Pairs that go through the encoder together, at most: more gain no speed, and the largest towers take 16 MB for each. */
const LARGEST_RUN = 16;

/** A view as the encoder takes it. */
function prepare(view: Value, from: Normalization, { view: { size, normalize } }: TokenNetwork) {
  const images = renormalize(view, from, normalize);
  if (images.shape[2] === size) return images;
  return resize(images, { size: [size, size], antialias: true });
}

function checkEncoder({ network, component }: PairEncoder, { views }: WeighedStep): void {
  if (component.length !== network.width) {
    throw new GenviewRangeError(
      `Cannot weight pairs by ${network.name}: the component must have its ${network.width} ` +
        `features, found ${component.length}`,
    );
  }
  if (network.grid[0] * network.grid[1] < 2) {
    throw new GenviewRangeError(
      `Cannot weight pairs by ${network.name}: a view must have several tokens for there to be a ` +
        `foreground, found one for ${network.view.size} pixels in each direction`,
    );
  }
  if (views.length < 2) {
    throw new GenviewRangeError(
      `Cannot weight pairs: there must be two views, found ${views.length}`,
    );
  }
}

type Sides = readonly [DeviceTensor<"float32">, DeviceTensor<"float32">];

interface PairWeightingParts {
  readonly owned: DisposableStack;
  /** Compares the pairs of a run: takes their numbers, gives both similarities and both maps. */
  readonly compare: Binding;
  readonly pairs: DeviceTensor<"int64">;
  readonly compared: Sides;
  readonly maps: Sides;
  /** Weighs all pairs by their similarities. */
  readonly weigh: Binding;
  readonly similarities: Sides;
  readonly weights: DeviceTensor<"float32">;
}

/**
 * Weights the pairs of a step.
 *
 * ```ts
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * import { backbone } from "../../backbones/registry.ts";
 * import { IMAGENET_NORMALIZATION } from "../../data/views/presets.ts";
 * import { openTokenNetwork } from "../../encoders/open_token_network.ts";
 * import { input } from "../../engine/graph/value.ts";
 * import { Scope } from "../../engine/nn/scope.ts";
 * import { CPU, DeviceTensor } from "../../engine/ort/mod.ts";
 * import { RandomStream } from "../../engine/random/random_stream.ts";
 * import { writeSafetensors } from "../../weights/safetensors.ts";
 * import { PairWeighting } from "./pair_weighting.ts";
 *
 * // A frozen network, here one that was never trained, and a component of its tokens, here any vector.
 * const scope = new Scope();
 * backbone("vit_tiny_patch16_224").apply(scope, input("images", "float32", [1, 3, 32, 32]));
 * const folder = await Deno.makeTempDir();
 * await writeSafetensors(`${folder}/mine.safetensors`, scope.initialize(1));
 * const network = await openTokenNetwork({ model: `${folder}/mine.safetensors` });
 * const random = new RandomStream(0, "example");
 * const component = Float32Array.from({ length: network.width }, () => random.normal());
 *
 * // The views of three pairs, and where their weights go.
 * using owned = new DisposableStack();
 * const place = (shape: number[]) =>
 *   owned.use(DeviceTensor.empty({ dtype: "float32", shape }));
 * const views = [place([3, 3, 32, 32]), place([3, 3, 32, 32])];
 * for (const view of views) {
 *   const { dtype, shape } = view.type;
 *   const data = Float32Array.from({ length: 3 * 3 * 32 * 32 }, () => random.normal());
 *   view.write({ dtype, shape, data });
 * }
 * const pairWeights = place([3]);
 * const normalize = [IMAGENET_NORMALIZATION, IMAGENET_NORMALIZATION];
 * const step = { device: CPU, views, normalize, pairWeights };
 *
 * using weighting = await PairWeighting.create({ network, component, sharpness: 2 }, step);
 * const { weights } = await weighting.weigh();
 * assertEquals(pairWeights.read().data, weights);
 * assertAlmostEquals(weights.reduce((sum, weight) => sum + weight), 3, 1e-5);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export class PairWeighting implements Disposable {
  readonly #parts: PairWeightingParts;

  private constructor(parts: PairWeightingParts) {
    this.#parts = parts;
  }

  /**
   * Loads the encoder beside a step.
   *
   * @throws {RangeError} if the component does not fit the encoder, or there are no two views
   * @throws {TypeError} if the encoder's weights do not fit it
   */
  static async create(encoder: PairEncoder, step: WeighedStep): Promise<PairWeighting> {
    checkEncoder(encoder, step);
    const { network, component, similarity, sharpness } = encoder;
    const { device, views, normalize, pairWeights } = step;
    const batchSize = pairWeights.type.shape[0]!;
    const count = Math.min(LARGEST_RUN, batchSize);
    const settings = { device, threads: step.threads };
    using owned = new DisposableStack();
    const empty = <D extends "float32" | "int64">(dtype: D, shape: readonly number[]) =>
      owned.use(DeviceTensor.empty({ dtype, shape }, device));

    const pairs = input("pairs", "int64", [count]);
    const [first, second] = [0, 1].map((i) => {
      const view = input(viewName(i), "float32", views[i]!.type.shape);
      return prepare(gather(view, pairs), normalize[i]!, network);
    }) as [Value, Value];
    const session = owned.use(
      await network.createSession(concat([first, second], { axis: 0 }), (tokens) => {
        const [ours, theirs] = split(tokens, [count, count], { axis: 0 }) as [Value, Value];
        const vector = constant(float32([component.length], component));
        const { foreground, background, maps } = pairSimilarity(ours, theirs, vector, similarity);
        return { foreground, background, "maps.0": maps[0], "maps.1": maps[1] };
      }, settings),
    );
    const tokens = network.grid[0] * network.grid[1];
    const chosen = empty("int64", [count]);
    const compared: Sides = [empty("float32", [count]), empty("float32", [count])];
    const maps: Sides = [empty("float32", [count, tokens]), empty("float32", [count, tokens])];
    const compare = owned.use(
      session.bind({ pairs: chosen, [viewName(0)]: views[0]!, [viewName(1)]: views[1]! }, {
        foreground: compared[0],
        background: compared[1],
        "maps.0": maps[0],
        "maps.1": maps[1],
      }),
    );

    const given = ["foreground", "background"].map((name) => input(name, "float32", [batchSize]));
    const weights = similarityWeights(given[0]!, given[1]!, sharpness);
    const weighing = owned.use(
      await Session.create(encodeModel({ outputs: { weights } }), settings),
    );
    const similarities: Sides = [empty("float32", [batchSize]), empty("float32", [batchSize])];
    const [foreground, background] = similarities;
    const weigh = owned.use(weighing.bind({ foreground, background }, { weights: pairWeights }));
    return new PairWeighting({
      owned: owned.move(),
      compare,
      pairs: chosen,
      compared,
      maps,
      weigh,
      similarities,
      weights: pairWeights,
    });
  }

  /**
   * Judges the pairs whose views lie in the step's tensors, and writes their weights to the step.
   *
   * @param shown how many pairs' maps are wanted
   */
  async weigh(shown = 0): Promise<PairJudgement> {
    const { compare, pairs, compared, maps, weigh, similarities, weights } = this.#parts;
    const [batchSize, count] = [weights.type.shape[0]!, pairs.type.shape[0]!];
    const tokens = maps[0].type.shape[1]!;
    const found = similarities.map(() => new Float32Array(batchSize));
    const drawn = maps.map(() => new Float32Array(shown * tokens));
    for (let at = 0; at < batchSize; at += count) {
      // The last run takes pairs again where too few are left.
      const start = Math.min(at, batchSize - count);
      pairs.write(int64([count], Array.from({ length: count }, (_, i) => start + i)));
      await compare.run();
      compared.forEach((values, side) => found[side]!.set(values.read().data, start));
      const rows = Math.min(count, shown - start);
      if (rows <= 0) continue;
      maps.forEach((map, side) =>
        drawn[side]!.set(map.read().data.subarray(0, rows * tokens), start * tokens)
      );
    }
    found.forEach((values, side) => similarities[side]!.write(float32([batchSize], values)));
    await weigh.run();
    const [first, second] = drawn.map((map) => tensor("float32", [shown, tokens], map));
    return {
      foreground: found[0]!,
      background: found[1]!,
      weights: weights.read().data,
      maps: [first!, second!],
    };
  }

  /** Releases the encoder. */
  [Symbol.dispose](): void {
    this.#parts.owned.dispose();
  }
}
