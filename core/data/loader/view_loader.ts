/**
 * The loader of training batches.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import { RandomStream } from "../../engine/random/random_stream.ts";
import { type Tensor, zeros } from "../../engine/graph/tensor.ts";
import type { Dataset, Sample } from "../dataset.ts";
import { chooseVariations, type ChosenVariation, type VariationOptions } from "../variations.ts";
import { checkViewRecipe } from "../views/check_recipe.ts";
import { packPhotometry } from "../views/pack_photometry.ts";
import type { ViewParameters } from "../views/parameters.ts";
import type { ViewRecipe } from "../views/recipe.ts";
import type { PackedPhotometry } from "../views/steps/mod.ts";
import { backgroundBatches, type BatchMaker } from "./background_batches.ts";
import type { Shard } from "../../distributed/shard.ts";
import { SHUFFLE_BUFFER } from "./buffered_order.ts";
import { epochOrder } from "./epoch_order.ts";
import { loadOrReplace } from "./load_or_replace.ts";
import {
  checkLoaderOptions,
  type Loader,
  type LoaderOptions,
  type LoaderStatistics,
} from "./options.ts";
import type { PreparedView, ViewPlan } from "./prepare_sample.ts";
import { SampleLoader, type SampleSources, settleAll } from "./sample_loader.ts";
import { packLabels, packPixels } from "./pack_batch.ts";

/** Options of {@link viewLoader}. */
export interface ViewLoaderOptions extends LoaderOptions {
  /** Names all random numbers, together with the epoch. */
  readonly seed: number;
  /** Names all random numbers, together with the seed. */
  readonly epoch: number;
  /** Whether samples come in random order, a new one every epoch; yes by default. */
  readonly shuffle?: boolean;
  /**
   * Of data in shards, whose images are read forwards: samples that the next one is drawn from; from all if 0. 2048 by
   * default.
   */
  readonly shuffleBuffer?: number;
  /** Whether samples that do not fill a last batch are left out; yes by default. */
  readonly dropLast?: boolean;
  /** This rank's share of the samples; everything by default. */
  readonly shard?: Shard;
  /**
   * Whether large JPEG files are decoded at a reduced scale where the views allow it, which is up to four times faster
   * and changes pixels by at most 1 of 255 in the mean; yes by default.
   */
  readonly reduce?: boolean;
  /** How variations stand in for images; they do not by default. */
  readonly variations?: VariationOptions;
}

/** One view of every sample in a batch. */
export interface BatchedView {
  /** uint8 [N, size, size, 3]. */
  readonly images: Tensor<"uint8">;
  /** Inputs of the photometric graph. */
  readonly photometry: PackedPhotometry;
  /** Sampled parameters of each view. */
  readonly parameters: readonly ViewParameters[];
  /** uint8 [N, size, size], 255 in the foreground; where masks were asked for. */
  readonly masks?: Tensor<"uint8">;
}

/** N samples in all their views. */
export interface ViewBatch {
  /** Number of the batch within its epoch. */
  readonly batch: number;
  /** Indices of the samples in the data set. */
  readonly indices: readonly number[];
  /** int64 [N]; -1 where a sample has no label. */
  readonly labels: Tensor<"int64">;
  /** In the order of the recipes. */
  readonly views: readonly BatchedView[];
  /** int32 [N, V]: of which of its variations each view of a sample is a view; -1 where it is one of the image itself. */
  readonly variationOfView: Tensor<"int32">;
}

interface LoadedSample {
  readonly index: number;
  readonly sample: Sample;
  readonly views: readonly PreparedView[];
  /** Of which variation each view is one; -1 of the image itself. */
  readonly variationOfView: readonly number[];
}

class ViewBatchMaker implements BatchMaker<ViewBatch> {
  readonly #dataset: Dataset;
  readonly #recipes: readonly ViewRecipe[];
  readonly #options: ViewLoaderOptions;
  readonly #order: readonly Uint32Array[];
  readonly #loader: SampleLoader;

  constructor(
    dataset: Dataset,
    recipes: readonly ViewRecipe[],
    options: ViewLoaderOptions,
    order: readonly Uint32Array[],
    statistics: LoaderStatistics,
  ) {
    this.#dataset = dataset;
    this.#recipes = recipes;
    this.#options = options;
    this.#order = order;
    this.#loader = new SampleLoader(options, statistics, options.reduce ?? true);
  }

  async make(batch: number): Promise<ViewBatch> {
    const slots = [...this.#order[batch]!];
    const samples = await settleAll(slots.map((index) => this.#fill(index)));
    return {
      batch,
      indices: samples.map(({ index }) => index),
      labels: packLabels(samples.map(({ sample }) => sample)),
      views: this.#recipes.map((recipe, view) =>
        this.#packView(recipe, samples.map(({ views }) => views[view]!))
      ),
      variationOfView: packVariations(samples, this.#recipes.length),
    };
  }

  #packView(recipe: ViewRecipe, views: readonly PreparedView[]): BatchedView {
    const parameters = views.map((view) => view.parameters!);
    return {
      ...packPixels(views, recipe.size, this.#options.masks ?? false),
      photometry: packPhotometry(parameters),
      parameters,
    };
  }

  /** Loads the sample of one slot, or another in its place. */
  #fill(index: number): Promise<LoadedSample> {
    const { seed, epoch } = this.#options;
    const plan: ViewPlan = { kind: "sampled", recipes: this.#recipes, seed, epoch, index };
    const where = { dataset: this.#dataset, seed, epoch };
    return loadOrReplace(index, (other) => this.#load(other, plan), where);
  }

  async #load(index: number, plan: ViewPlan): Promise<LoadedSample | undefined> {
    const { seed, epoch, variations } = this.#options;
    const sample = this.#dataset.sample(index);
    const count = this.#recipes.length;
    let chosen: readonly ChosenVariation[] = [];
    if (variations) {
      const random = new RandomStream(seed, "variation", epoch, index);
      chosen = chooseVariations(sample, count, variations, random);
    }
    for (;;) {
      const variationOfView = variationsOfViews(count, chosen, variations?.followers);
      const sources = sourcesOf(sample, variationOfView);
      const views = await this.#loader.load(sources, plan, epoch);
      if (views) return { index, sample, views, variationOfView };
      // A view whose variation cannot be read is one of the image.
      const readable = chosen.filter(({ variation }) =>
        !this.#loader.isUnreadable(sample.variations![variation]!)
      );
      if (readable.length === chosen.length) return undefined;
      chosen = readable;
    }
  }

  [Symbol.dispose](): void {
    this.#loader[Symbol.dispose]();
  }
}

/** Of which variation each view is one: the chosen views of theirs, and their followers of the first. */
function variationsOfViews(
  viewCount: number,
  chosen: readonly ChosenVariation[],
  followers: readonly number[] = [],
): number[] {
  const variationOfView = new Array<number>(viewCount).fill(-1);
  const [first] = chosen;
  if (first === undefined) return variationOfView;
  for (const view of followers) variationOfView[view] = first.variation;
  for (const { view, variation } of chosen) variationOfView[view] = variation;
  return variationOfView;
}

/** The image and its variations; what no view is cut from is left out. */
function sourcesOf(sample: Sample, variationOfView: readonly number[]): SampleSources {
  const used = [...new Set(variationOfView)].sort((a, b) => a - b);
  return {
    sources: used.map((variation) =>
      variation < 0 ? sample.source : sample.variations![variation]!
    ),
    sourceOfView: variationOfView.map((variation) => used.indexOf(variation)),
  };
}

function packVariations(samples: readonly LoadedSample[], viewCount: number): Tensor<"int32"> {
  const packed = zeros("int32", [samples.length, viewCount]);
  samples.forEach(({ variationOfView }, i) => packed.data.set(variationOfView, i * viewCount));
  return packed;
}

/** Refuses views of variations that there are not. */
function checkVariations(recipes: readonly ViewRecipe[], variations: VariationOptions = {}): void {
  const { views, followers = [], count = 1 } = variations;
  const unknown = [...(views ?? []), ...followers].find((view) => !(view in recipes));
  if (unknown !== undefined || views?.length === 0) {
    throw new GenviewRangeError(
      `Cannot load batches: variations.views and followers must name views from 0 to ${
        recipes.length - 1
      }, found ${unknown ?? "none"}`,
    );
  }
  const most = new Set(views ?? recipes.keys()).size;
  if (Number.isSafeInteger(count) && count >= 1 && count <= most) return;
  throw new GenviewRangeError(
    `Cannot load batches: variations.count must be an integer from 1 to the ${most} views to choose from, found ${count}`,
  );
}

function checkViewLoaderOptions(recipes: readonly ViewRecipe[], options: ViewLoaderOptions): void {
  checkLoaderOptions(options);
  const { shard = { index: 0, count: 1 }, dropLast = true, shuffleBuffer = 0 } = options;
  if (recipes.length === 0) {
    throw new GenviewRangeError("Cannot load batches: there must be at least one view, found none");
  }
  checkVariations(recipes, options.variations);
  if (!(Number.isSafeInteger(shuffleBuffer) && shuffleBuffer >= 0)) {
    throw new GenviewRangeError(
      `Cannot load batches: shuffleBuffer must be an integer of at least 0, found ${shuffleBuffer}`,
    );
  }
  if (!(Number.isSafeInteger(shard.index) && shard.index >= 0 && shard.index < shard.count)) {
    throw new GenviewRangeError(
      `Cannot load batches: the shard's index must lie in [0, ${shard.count}), found ${shard.index}`,
    );
  }
  if (shard.count > 1 && !dropLast) {
    throw new GenviewRangeError(
      "Cannot load batches: with several shards dropLast must be set, since ranks would differ in the last batch, found false",
    );
  }
}

/**
 * Loads an epoch of a data set as batches of views.
 *
 * Everything random follows from the seed, the epoch and the sample's index, so batches are the same whatever the
 * number of workers, and the same whether an epoch is read from its first batch or from a later one. A sample that
 * cannot be read is replaced by another, chosen likewise, so that batches stay full.
 *
 * @param recipes one for each view of a sample
 * @throws {RangeError} if an option is out of range
 * @throws {TypeError} if a recipe is malformed
 */
export function viewLoader(
  dataset: Dataset,
  recipes: readonly ViewRecipe[],
  options: ViewLoaderOptions,
): Loader<ViewBatch> {
  checkViewLoaderOptions(recipes, options);
  recipes.forEach((recipe, view) => checkViewRecipe(recipe, `views[${view}]`));
  const { batchSize, seed, epoch, shuffle = true, dropLast = true, startBatch = 0 } = options;
  const order = epochOrder({
    length: dataset.length,
    batchSize,
    seed,
    epoch,
    shuffle,
    dropLast,
    shard: options.shard ?? { index: 0, count: 1 },
    runs: dataset.runs,
    shuffleBuffer: options.shuffleBuffer ?? SHUFFLE_BUFFER,
  });
  const statistics: LoaderStatistics = { batches: 0, decoded: 0, skipped: 0, waitSeconds: 0 };
  return {
    length: Math.max(0, order.length - startBatch),
    statistics,
    [Symbol.asyncIterator]: () =>
      backgroundBatches(
        () => new ViewBatchMaker(dataset, recipes, options, order, statistics),
        startBatch,
        order.length,
        options.prefetch ?? 2,
        statistics,
      ),
  };
}
