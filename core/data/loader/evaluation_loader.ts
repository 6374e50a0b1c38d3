/**
 * The loader of evaluation batches.
 *
 * @module
 */
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Dataset } from "../dataset.ts";
import { checkEvaluationRecipe } from "../views/check_recipe.ts";
import type { EvaluationRecipe } from "../views/recipe.ts";
import { backgroundBatches, type BatchMaker } from "./background_batches.ts";
import {
  checkLoaderOptions,
  type Loader,
  type LoaderOptions,
  type LoaderStatistics,
} from "./options.ts";
import { packLabels, packPixels } from "./pack_batch.ts";
import { SampleLoader, settleAll } from "./sample_loader.ts";

/** Options of {@linkcode evaluationLoader}. */
export interface EvaluationLoaderOptions extends LoaderOptions {
  /** Epoch in which images are drawn that a data set renders anew in each (default 0). */
  readonly epoch?: number;
}

/** N samples as they are evaluated. */
export interface EvaluationBatch {
  /** Number of the batch. */
  readonly batch: number;
  /** Indices of the samples in the data set. */
  readonly indices: readonly number[];
  /** int64 [N]; -1 where a sample has no label. */
  readonly labels: Tensor<"int64">;
  /** uint8 [N, size, size, 3]. */
  readonly images: Tensor<"uint8">;
  /** uint8 [N, size, size], 255 in the foreground; where masks were asked for. */
  readonly masks?: Tensor<"uint8">;
}

class EvaluationBatchMaker implements BatchMaker<EvaluationBatch> {
  readonly #dataset: Dataset;
  readonly #recipe: EvaluationRecipe;
  readonly #options: EvaluationLoaderOptions;
  readonly #loader: SampleLoader;

  constructor(
    dataset: Dataset,
    recipe: EvaluationRecipe,
    options: EvaluationLoaderOptions,
    statistics: LoaderStatistics,
  ) {
    this.#dataset = dataset;
    this.#recipe = recipe;
    this.#options = options;
    this.#loader = new SampleLoader(options, statistics, false);
  }

  async make(batch: number): Promise<EvaluationBatch> {
    const { batchSize, masks = false } = this.#options;
    const start = batch * batchSize;
    const count = Math.min(batchSize, this.#dataset.length - start);
    const loads = Array.from({ length: count }, (_, i) => this.#load(start + i));
    const loaded = (await settleAll(loads)).filter((sample) => sample !== undefined);
    return {
      batch,
      indices: loaded.map(({ index }) => index),
      labels: packLabels(loaded.map(({ sample }) => sample)),
      ...packPixels(loaded.map(({ view }) => view), this.#recipe.size, masks),
    };
  }

  async #load(index: number) {
    const sample = this.#dataset.sample(index);
    const views = await this.#loader.load(
      { sources: [sample.source], sourceOfView: [0] },
      { kind: "evaluation", recipe: this.#recipe },
      this.#options.epoch ?? 0,
    );
    return views && { index, sample, view: views[0]! };
  }

  [Symbol.dispose](): void {
    this.#loader[Symbol.dispose]();
  }
}

/**
 * Loads a data set once and in its own order, without augmentation and with torchvision's very pixels. Samples that cannot be read are left out, so a
 * batch may hold fewer than `batchSize`; so may the last one.
 *
 * @throws {RangeError} if an option is out of range
 * @throws {TypeError} if the recipe is malformed
 */
export function evaluationLoader(
  dataset: Dataset,
  recipe: EvaluationRecipe,
  options: EvaluationLoaderOptions,
): Loader<EvaluationBatch> {
  checkLoaderOptions(options);
  checkEvaluationRecipe(recipe);
  const { batchSize, startBatch = 0, prefetch = 2 } = options;
  const end = Math.ceil(dataset.length / batchSize);
  const statistics: LoaderStatistics = { batches: 0, decoded: 0, skipped: 0, waitSeconds: 0 };
  return {
    length: Math.max(0, end - startBatch),
    statistics,
    [Symbol.asyncIterator]: () =>
      backgroundBatches(
        () => new EvaluationBatchMaker(dataset, recipe, options, statistics),
        startBatch,
        end,
        prefetch,
        statistics,
      ),
  };
}
