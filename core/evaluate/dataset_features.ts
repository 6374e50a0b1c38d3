/**
 * Features of a whole data set, as evaluation and retrieval take them.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import type { Dataset } from "../data/dataset.ts";
import { evaluationLoader } from "../data/loader/evaluation_loader.ts";
import type { LoaderOptions } from "../data/loader/options.ts";
import { subset } from "../data/subset.ts";
import type { EvaluationRecipe } from "../data/views/recipe.ts";
import { gatherParts, inShares, type ProcessGroup, rankPart } from "../distributed/mod.ts";
import { type Tensor, tensor } from "../engine/graph/tensor.ts";

/** How a data set is loaded for {@linkcode datasetFeatures}. */
export interface DatasetFeaturesOptions extends LoaderOptions {
  /** Called after each batch with the number of samples that are done; of several ranks, on the first, for all. */
  readonly onProgress?: (done: number) => void;
  /** Ranks that each take a part of the samples; the first calls `onWarning` for all. */
  readonly group?: ProcessGroup | undefined;
}

/** What turns images into features: a network, or anything else that takes images of a size. */
export interface ImageFeatures {
  /** Number of coordinates of a feature. */
  readonly width: number;
  /**
   * Features of images.
   *
   * @param images uint8 `[n,H,W,3]`
   * @returns float32 `[n,width]`
   */
  extract(images: Tensor<"uint8">): Promise<Tensor<"float32">>;
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

/** Features as they lie in memory, row by row. */
interface FeatureRows {
  readonly data: Float32Array<ArrayBuffer>;
  readonly labels: Int32Array<ArrayBuffer>;
  readonly indices: Int32Array<ArrayBuffer>;
  readonly skipped: number;
}

async function featureRows(
  extractor: ImageFeatures,
  dataset: Dataset,
  recipe: EvaluationRecipe,
  options: DatasetFeaturesOptions,
): Promise<FeatureRows> {
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
  const read = indices.length * width;
  return {
    data: read < data.length ? data.slice(0, read) : data,
    labels: Int32Array.from(labels),
    indices: Int32Array.from(indices),
    skipped: loader.statistics.skipped,
  };
}

/** What a rank tells the first one of. */
type FeatureEvent =
  | { readonly kind: "progress"; readonly done: number }
  | { readonly kind: "warning"; readonly message: string };

/**
 * The rows of all ranks, each of which takes the features of whole batches: every image meets the same others in the
 * network as in one process.
 */
async function sharedRows(
  extractor: ImageFeatures,
  dataset: Dataset,
  recipe: EvaluationRecipe,
  options: DatasetFeaturesOptions,
  group: ProcessGroup,
): Promise<FeatureRows> {
  const { onProgress, onWarning, unreadable = new Map<string, string>(), batchSize } = options;
  const { start, end } = rankPart(dataset.length, group, batchSize);
  const part = subset(dataset, Array.from({ length: end - start }, (_, i) => start + i));
  const known = unreadable.size;
  const done = new Array<number>(group.size).fill(0);
  const own = await inShares<FeatureEvent, FeatureRows>(
    group,
    ({ report }) =>
      featureRows(extractor, part, recipe, {
        ...options,
        unreadable,
        onWarning: (message) => report({ kind: "warning", message }),
        onProgress: (count) => report({ kind: "progress", done: count }),
      }),
    {
      take: (event, rank) => {
        if (event.kind === "warning") return onWarning?.(event.message);
        done[rank] = event.done;
        onProgress?.(done.reduce((sum, count) => sum + count));
      },
    },
  );
  const told = await group.allGatherValues({
    skipped: own.skipped,
    unreadable: [...unreadable].slice(known),
  });
  // Of an image in another data set, too, nobody has to find out again.
  for (const [name, why] of told.flatMap((each) => each.unreadable)) unreadable.set(name, why);
  return {
    data: await gatherParts(group, own.data),
    labels: await gatherParts(group, own.labels),
    indices: await gatherParts(group, own.indices.map((index) => start + index)),
    skipped: told.reduce((sum, { skipped }) => sum + skipped, 0),
  };
}

/**
 * Extracts the features of all samples, in the data set's order. Of several ranks each takes a part of them, and all have
 * all afterwards: on devices of one kind, with as many threads, what one process has, to the last bit.
 *
 * @param recipe how the images are cut; its size must be the extractor's
 * @param options.batchSize at most the extractor's
 * @throws {UnreadableImageError} if an image cannot be read and the options are strict
 * @throws {TypeError} if no image can be read
 */
export async function datasetFeatures(
  extractor: ImageFeatures,
  dataset: Dataset,
  recipe: EvaluationRecipe,
  options: DatasetFeaturesOptions,
): Promise<DatasetFeatures> {
  const { group } = options;
  const { data, labels, indices, skipped } = group === undefined
    ? await featureRows(extractor, dataset, recipe, options)
    : await sharedRows(extractor, dataset, recipe, options, group);
  if (indices.length === 0) {
    throw new GenviewTypeError(
      `Cannot take features of "${dataset.name}": it must hold images that can be read, found none among ${dataset.length}`,
    );
  }
  return {
    features: tensor("float32", [indices.length, extractor.width], data),
    labels,
    indices: [...indices],
    skipped,
  };
}
