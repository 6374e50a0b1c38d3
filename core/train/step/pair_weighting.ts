/**
 * Quality-driven weights in training: before each step a frozen encoder sees each view once, and compares those of each
 * pair. The weights of all pairs, those of other processes among them, have mean 1 together (Li et al. 2025, GenView++, `util/quality_driven_weight.py`).
 *
 * Source: Li et al. 2024 (GenView), arXiv 2403.12003, section 3.3.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import type { TokenNetwork } from "../../encoders/token_encoder.ts";
import { renormalize } from "../../data/normalize_pixels.ts";
import type { Normalization } from "../../data/views/recipe.ts";
import type { ProcessGroup } from "../../distributed/mod.ts";
import { withTarget } from "../../engine/graph/target.ts";
import { float32, int64, type Tensor, tensor } from "../../engine/graph/tensor.ts";
import { constant, input, type Value } from "../../engine/graph/value.ts";
import { encodeModel } from "../../engine/onnx/encode_model.ts";
import { concat } from "../../engine/ops/concat.ts";
import { gather } from "../../engine/ops/gather.ts";
import { resize } from "../../engine/ops/resize.ts";
import { slice } from "../../engine/ops/slice.ts";
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

/** Two views of each sample that are compared, and where the weights of such pairs go. */
export interface ViewPair {
  /** Indices of the views. */
  readonly views: readonly [first: number, second: number];
  /** Takes the weights, `[N]`. */
  readonly weights: DeviceTensor<"float32">;
}

/** The training step whose pairs are weighted. */
export interface WeighedStep extends Placement {
  /** The views by their indices; those that no pair is of may be left out. */
  readonly views: readonly (DeviceTensor<"float32"> | undefined)[];
  /** Statistics that each view is normalised by. */
  readonly normalize: readonly Normalization[];
  /** The pairs of views, one at least. */
  readonly pairs: readonly ViewPair[];
  /** Processes, each of which has as many samples of the batch; one alone when left out. */
  readonly group?: Pick<ProcessGroup, "rank" | "size" | "allGather">;
}

/** How alike the views of pairs are, and how much each pair weighs. */
export interface PairSimilarities {
  /** s_f, `[N]`. */
  readonly foreground: Float32Array;
  /** s_b, `[N]`. */
  readonly background: Float32Array;
  /** w, `[N]`, with mean 1 over all pairs of all views of all processes together. */
  readonly weights: Float32Array;
}

/** How the pairs of one pair of views were judged. */
export interface JudgedViews extends PairSimilarities {
  /** Indices of the views. */
  readonly views: readonly [first: number, second: number];
}

/** How the pairs of a batch were judged. */
export interface PairJudgement {
  /** Each pair of views. */
  readonly pairs: readonly [JudgedViews, ...JudgedViews[]];
  /** Foreground maps of the first pair of views, of the samples that were asked for; float32 `[n, P]` in [0, 1]. */
  readonly maps: readonly [Tensor<"float32">, Tensor<"float32">];
}

/** Name of the metric that is a maximum over the pairs; all others are means. */
export const LARGEST_WEIGHT = "largestPairWeight";

/** What is logged of a batch's judgement. */
export function summarizeJudgement({ pairs }: PairJudgement): Readonly<Record<string, number>> {
  const all = (name: keyof PairSimilarities) => pairs.flatMap((pair) => [...pair[name]]);
  const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  return {
    foregroundSimilarity: mean(all("foreground")),
    backgroundSimilarity: mean(all("background")),
    [LARGEST_WEIGHT]: all("weights").reduce((most, x) => Math.max(most, x)),
  };
}

/** Views that go through the encoder together, at most: more gain no speed, and the largest towers take 8 MB for each. */
export const LARGEST_RUN = 32;

/** A view as the encoder takes it. */
function prepare(
  view: Value,
  from: Normalization,
  { view: { size, normalize } }: Pick<TokenNetwork, "view">,
) {
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
  const found = views.filter((view) => view !== undefined).length;
  if (found < 2) {
    throw new GenviewRangeError(`Cannot weight pairs: there must be two views, found ${found}`);
  }
}

type Sides = readonly [DeviceTensor<"float32">, DeviceTensor<"float32">];

interface PairWeightingParts {
  readonly owned: DisposableStack;
  /** Compares the pairs of some samples: takes their numbers, gives all similarities and the first maps. */
  readonly compare: Binding;
  readonly samples: DeviceTensor<"int64">;
  /** Foreground and background of each pair of views. */
  readonly compared: readonly Sides[];
  readonly maps: Sides;
  /** Weighs all pairs by their similarities. */
  readonly weigh: Binding;
  /** Foreground and background of all pairs, one pair of views after the other; so for each process. */
  readonly similarities: Sides;
  /** Gathers what all processes have found. */
  readonly gather: (values: Float32Array<ArrayBuffer>) => Promise<Float32Array<ArrayBuffer>>;
  readonly pairs: readonly ViewPair[];
}

/** The graph that compares the pairs of `count` samples: the encoder's images, and what it makes of their tokens. */
export function comparison(
  { component, similarity, network }: Omit<PairEncoder, "network" | "sharpness"> & {
    readonly network: Pick<TokenNetwork, "view">;
  },
  { views, normalize, pairs }: Pick<WeighedStep, "views" | "normalize"> & {
    readonly pairs: readonly Pick<ViewPair, "views">[];
  },
  count: number,
): {
  /** Indices of the views that are compared. */
  readonly compared: readonly number[];
  /** What the encoder sees of all of them, float32 `[V N,3,S,S]`. */
  readonly images: Value;
  /** The similarities of each pair of views and the first one's maps, by name. */
  readonly compare: (tokens: Value) => Record<string, Value>;
} {
  const compared = [...new Set(pairs.flatMap((pair) => pair.views))].sort((a, b) => a - b);
  const samples = input("samples", "int64", [count]);
  const prepared = compared.map((index) => {
    const view = input(viewName(index), "float32", views[index]!.type.shape);
    return prepare(gather(view, samples), normalize[index]!, network);
  });
  const compare = (tokens: Value): Record<string, Value> => {
    const each = split(tokens, compared.map(() => count), { axis: 0 });
    const ofView = new Map(compared.map((index, i) => [index, each[i]!]));
    const vector = constant(float32([component.length], component));
    const found = pairs.map(({ views: [first, second] }) =>
      pairSimilarity(ofView.get(first)!, ofView.get(second)!, vector, similarity)
    );
    const { maps } = found[0]!;
    return Object.fromEntries([
      ...found.flatMap(({ foreground, background }, i) => [
        [`foreground.${i}`, foreground],
        [`background.${i}`, background],
      ]),
      ["maps.0", maps[0]],
      ["maps.1", maps[1]],
    ]);
  };
  return { compared, images: concat(prepared, { axis: 0 }), compare };
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
 * const pairs = [{ views: [0, 1], weights: pairWeights }] as const;
 * const step = { device: CPU, views, normalize, pairs };
 *
 * using weighting = await PairWeighting.create({ network, component, sharpness: 2 }, step);
 * const { pairs: [{ weights }] } = await weighting.weigh();
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
    const { network, sharpness } = encoder;
    const { device, pairs, group } = step;
    const batchSize = pairs[0]!.weights.type.shape[0]!;
    const settings = { device, threads: step.threads };
    using owned = new DisposableStack();
    const empty = <D extends "float32" | "int64">(dtype: D, shape: readonly number[]) =>
      owned.use(DeviceTensor.empty({ dtype, shape }, device));
    const views = new Set(pairs.flatMap((pair) => pair.views)).size;
    const count = Math.max(1, Math.min(Math.floor(LARGEST_RUN / views), batchSize));

    const target = { provider: device.provider };
    const { compared, images, compare } = withTarget(
      target,
      () => comparison(encoder, step, count),
    );
    const session = owned.use(await network.createSession(images, compare, settings));
    const tokens = network.grid[0] * network.grid[1];
    const samples = empty("int64", [count]);
    const sides = pairs.map((): Sides => [empty("float32", [count]), empty("float32", [count])]);
    const maps: Sides = [empty("float32", [count, tokens]), empty("float32", [count, tokens])];
    const binding = owned.use(session.bind(
      {
        samples,
        ...Object.fromEntries(compared.map((index) => [viewName(index), step.views[index]!])),
      },
      {
        ...Object.fromEntries(sides.flatMap(([foreground, background], i) => [
          [`foreground.${i}`, foreground],
          [`background.${i}`, background],
        ])),
        "maps.0": maps[0],
        "maps.1": maps[1],
      },
    ));

    const own = pairs.length * batchSize;
    const all = [own * (group?.size ?? 1)];
    const given = ["foreground", "background"].map((name) => input(name, "float32", all));
    const ofPairs = withTarget(target, () => {
      const every = similarityWeights(given[0]!, given[1]!, sharpness);
      const start = (group?.rank ?? 0) * own;
      const weights = group === undefined
        ? every
        : slice(every, { axes: [0], starts: [start], ends: [start + own] });
      return pairs.length === 1
        ? [weights]
        : split(weights, pairs.map(() => batchSize), { axis: 0 });
    });
    const outputs = Object.fromEntries(ofPairs.map((value, i) => [`weights.${i}`, value]));
    const weighing = owned.use(await Session.create(encodeModel({ outputs }), settings));
    const similarities: Sides = [empty("float32", all), empty("float32", all)];
    const [foreground, background] = similarities;
    const weigh = owned.use(weighing.bind(
      { foreground, background },
      Object.fromEntries(pairs.map((pair, i) => [`weights.${i}`, pair.weights])),
    ));
    return new PairWeighting({
      owned: owned.move(),
      compare: binding,
      samples,
      compared: sides,
      maps,
      weigh,
      similarities,
      gather: async (values) => await group?.allGather(values) ?? values,
      pairs,
    });
  }

  /**
   * Judges the pairs whose views lie in the step's tensors, and writes their weights to the step.
   *
   * @param shown how many samples' maps are wanted
   */
  async weigh(shown = 0): Promise<PairJudgement> {
    const { compare, samples, compared, maps, weigh, similarities, gather, pairs } = this.#parts;
    const batchSize = pairs[0]!.weights.type.shape[0]!;
    const count = samples.type.shape[0]!;
    const tokens = maps[0].type.shape[1]!;
    const found = similarities.map(() => new Float32Array(pairs.length * batchSize));
    const drawn = maps.map(() => new Float32Array(shown * tokens));
    for (let at = 0; at < batchSize; at += count) {
      // The last run takes samples again where too few are left.
      const start = Math.min(at, batchSize - count);
      samples.write(int64([count], Array.from({ length: count }, (_, i) => start + i)));
      await compare.run();
      compared.forEach((sides, pair) =>
        sides.forEach((values, side) =>
          found[side]!.set(values.read().data, pair * batchSize + start)
        )
      );
      const rows = Math.min(count, shown - start);
      if (rows <= 0) continue;
      maps.forEach((map, side) =>
        drawn[side]!.set(map.read().data.subarray(0, rows * tokens), start * tokens)
      );
    }
    for (const [side, values] of found.entries()) {
      const all = await gather(values);
      similarities[side]!.write(float32([all.length], all));
    }
    await weigh.run();
    const [first, ...others] = pairs.map(({ views, weights }, pair): JudgedViews => {
      const [foreground, background] = found.map((values) =>
        values.slice(pair * batchSize, (pair + 1) * batchSize)
      );
      return {
        views,
        foreground: foreground!,
        background: background!,
        weights: weights.read().data,
      };
    });
    const [map, other] = drawn.map((values) => tensor("float32", [shown, tokens], values));
    return { pairs: [first!, ...others], maps: [map!, other!] };
  }

  /** Releases the encoder. */
  [Symbol.dispose](): void {
    this.#parts.owned.dispose();
  }
}
