/**
 * Features of a whole data set, as evaluation and retrieval take them.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import type { Dataset } from "../data/dataset.ts";
import { evaluationLoader } from "../data/loader/evaluation_loader.ts";
import type { LoaderOptions } from "../data/loader/options.ts";
import type { EvaluationRecipe } from "../data/views/recipe.ts";
import { type Tensor, tensor } from "../engine/graph/tensor.ts";
import type { FeatureExtractor } from "../encoders/feature_extractor.ts";

/** How a data set is loaded for {@linkcode datasetFeatures}. */
export interface DatasetFeaturesOptions extends LoaderOptions {
  /** Called after each batch with the number of samples that are done. */
  readonly onProgress?: (done: number) => void;
}

/** Features of the samples of a data set. */
export interface DatasetFeatures {
  /** float32 `[N,D]`, one row a sample that could be read. */
  readonly features: Tensor<"float32">;
  /** Labels of the rows; -1 where a sample has none. */
  readonly labels: Int32Array;
  /** Indices of the rows' samples in the data set. */
  readonly indices: readonly number[];
  /** Samples that are left out because they cannot be read. */
  readonly skipped: number;
}

/**
 * Extracts the features of all samples, in the data set's order.
 *
 * @param recipe how the images are cut; its size must be the extractor's
 * @param options.batchSize at most the extractor's
 * @throws {UnreadableImageError} if an image cannot be read and the options are strict
 * @throws {TypeError} if no image can be read
 */
export async function datasetFeatures(
  extractor: FeatureExtractor,
  dataset: Dataset,
  recipe: EvaluationRecipe,
  options: DatasetFeaturesOptions,
): Promise<DatasetFeatures> {
  const { width } = extractor;
  // In their places at once: the features of a large bank are not held twice.
  const data = new Float32Array(dataset.length * width);
  const labels: number[] = [];
  const indices: number[] = [];
  const loader = evaluationLoader(dataset, recipe, options);
  for await (const batch of loader) {
    if (batch.indices.length === 0) continue;
    data.set((await extractor.extract(batch.images)).data, indices.length * width);
    labels.push(...Array.from(batch.labels.data, Number));
    indices.push(...batch.indices);
    options.onProgress?.(indices.length);
  }
  if (indices.length === 0) {
    throw new GenviewTypeError(
      `Cannot take features of "${dataset.name}": it must hold images that can be read, found none among ${dataset.length}`,
    );
  }
  const read = indices.length * width;
  return {
    features: tensor(
      "float32",
      [indices.length, width],
      read < data.length ? data.slice(0, read) : data,
    ),
    labels: Int32Array.from(labels),
    indices,
    skipped: loader.statistics.skipped,
  };
}
