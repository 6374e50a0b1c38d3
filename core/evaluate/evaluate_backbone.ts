/**
 * Evaluation of a frozen backbone on a pair of labelled data sets.
 *
 * @module
 */
import type { Backbone } from "../backbones/backbone.ts";
import type { Dataset } from "../data/dataset.ts";
import type { LoaderOptions } from "../data/loader/options.ts";
import type { EvaluationRecipe } from "../data/views/recipe.ts";
import type { ProcessGroup } from "../distributed/mod.ts";
import { tensor } from "../engine/graph/tensor.ts";
import type { Device, DeviceTensor } from "../engine/ort/mod.ts";
import { FeatureExtractor } from "../encoders/feature_extractor.ts";
import { bankLabels } from "./bank_labels.ts";
import { type ChanceLevel, chanceLevel } from "./chance.ts";
import { type DatasetFeatures, datasetFeatures, type ImageFeatures } from "./dataset_features.ts";
import { neighborCount } from "./nearest_neighbors.ts";
import { findOverlap, type Overlap } from "./overlap.ts";
import { retrieval, type RetrievalOptions, type RetrievalResult } from "./retrieval.ts";
import { type KnnResult, weightedKnn, type WeightedKnnOptions } from "./weighted_knn.ts";

/** Images in a run of the network where no number is asked for. */
export const EVALUATION_BATCH = 64;

/** A backbone and its parameters on a device. */
export interface PlacedBackbone {
  /** The network. */
  readonly backbone: Backbone;
  /** Where it is computed. */
  readonly device: Device;
  /** Parameters and buffers by full name, such as `backbone.conv1.weight`. */
  readonly weights: ReadonlyMap<string, DeviceTensor>;
}

/**
 * What a backbone is evaluated on, and how. Images that cannot be read are left out with a warning, or end a strict
 * evaluation.
 */
export interface BackboneEvaluation
  extends Pick<LoaderOptions, "strict" | "onWarning" | "unreadable"> {
  /** Labelled samples that vote. */
  readonly bank: Dataset;
  /**
   * Labelled samples that are classified. An image that is in the bank too is left out of its own neighbours. Where both
   * sets name their classes, they are compared by name.
   */
  readonly queries: Dataset;
  /** How images are cut. */
  readonly recipe: EvaluationRecipe;
  /** Images in a run of the network (default 64). */
  readonly batchSize?: number;
  /** Threads on the CPU; all cores when 0 or left out. */
  readonly threads?: number | undefined;
  /** Neighbours and temperature. */
  readonly knn?: Omit<WeightedKnnOptions, "excluded" | "group">;
  /** Which queries are in the bank, as {@linkcode findOverlap} finds it when left out. */
  readonly overlap?: Overlap;
  /** Called after each batch with the number of samples that are done. */
  readonly onProgress?: (progress: FeatureProgress) => void;
  /**
   * Ranks that evaluate together, all with the same network on devices of one kind: each takes the features of a part of
   * both sets, and looks up the neighbours of a part of the queries. All have the whole result, which is that of one
   * process to the last bit; `onWarning` and `onProgress` are called on the first, for all.
   */
  readonly group?: ProcessGroup | undefined;
}

/** How far the features of a data set are. */
export interface FeatureProgress {
  /** Whether these are the samples that vote or those that are classified; both may be parts of one data set. */
  readonly set: "bank" | "queries";
  /** Name of the data set. */
  readonly data: string;
  /** Samples that are done. */
  readonly done: number;
  /** Samples in all. */
  readonly total: number;
}

/** Features of {@linkcode backboneFeatures}. */
export interface BackboneFeatures {
  /** Features of the bank. */
  readonly bank: DatasetFeatures;
  /** Features of the queries; their labels are in the bank's numbers. */
  readonly queries: DatasetFeatures;
  /** Rows of the bank that are the same image, by row of the queries; empty where there are none. */
  readonly sameImage: ReadonlyMap<number, readonly number[]>;
  /** Accuracy of a classifier that sees no image. */
  readonly chance: ChanceLevel;
}

/** Features and scores of {@linkcode evaluateBackbone}. */
export interface BackboneScores extends BackboneFeatures {
  /** Classification by nearest neighbours. */
  readonly knn: KnnResult;
  /** How well samples find their counterparts in the other set; where identities, but no images, are in both. */
  readonly retrieval?: RetrievalResult;
}

/**
 * Checks that queries can be classified by a bank, as far as that is known before anything is computed.
 *
 * @returns the bank's number of each label that the queries have
 * @throws {TypeError} if a data set is not labelled, or the bank lacks classes of the queries
 * @throws {RangeError} if the bank has fewer neighbours than are asked for
 */
export function checkEvaluation(
  { bank, queries, knn }: Pick<BackboneEvaluation, "bank" | "queries" | "knn">,
  overlap: Overlap,
): ReadonlyMap<number, number> {
  neighborCount(knn?.k, bank.length, overlap.most);
  return bankLabels(bank, queries);
}

function identitiesOf(dataset: Dataset, { indices }: DatasetFeatures): string[] | undefined {
  const identities = indices.map((index) => dataset.sample(index).identity);
  return identities.every((identity) => identity !== undefined) ? identities : undefined;
}

/** The overlap of two data sets in rows of their features. */
function overlappingRows(
  { bankIndices }: Overlap,
  bank: DatasetFeatures,
  queries: DatasetFeatures,
): ReadonlyMap<number, readonly number[]> {
  const rowOf = new Map(bank.indices.map((index, row) => [index, row]));
  const rows = new Map<number, readonly number[]>();
  for (const [row, index] of queries.indices.entries()) {
    const same = bankIndices.get(index)?.flatMap((found) => rowOf.get(found) ?? []) ?? [];
    if (same.length > 0) rows.set(row, same);
  }
  return rows;
}

/**
 * Features of two data sets by anything that takes images, and which of their samples are the same image.
 */
async function featuresOfBoth(
  extractor: ImageFeatures,
  { bank, queries, recipe, ...evaluation }: BackboneEvaluation,
  { overlap, numbers }: {
    readonly overlap: Overlap;
    readonly numbers: ReadonlyMap<number, number>;
  },
): Promise<BackboneFeatures> {
  const { batchSize = EVALUATION_BATCH, strict = false } = evaluation;
  const { onWarning, onProgress, group } = evaluation;
  // One map for both data sets, so that an image in both is warned of once.
  const { unreadable = new Map<string, string>() } = evaluation;
  const featuresOf = (set: FeatureProgress["set"], dataset: Dataset) =>
    datasetFeatures(extractor, dataset, recipe, {
      batchSize,
      strict,
      unreadable,
      group,
      ...(onWarning && { onWarning }),
      ...(onProgress && {
        onProgress: (done) => onProgress({ set, data: dataset.name, done, total: dataset.length }),
      }),
    });
  const bankFeatures = await featuresOf("bank", bank);
  const found = bank === queries ? bankFeatures : await featuresOf("queries", queries);
  const queryFeatures = { ...found, labels: found.labels.map((label) => numbers.get(label)!) };
  const sameImage = overlappingRows(overlap, bankFeatures, queryFeatures);
  const chance = chanceLevel(bankFeatures.labels, queryFeatures.labels);
  return { bank: bankFeatures, queries: queryFeatures, sameImage, chance };
}

/** What is known of an evaluation before anything is computed, which is refused if it cannot be done. */
async function prepared(evaluation: BackboneEvaluation) {
  const overlap = evaluation.overlap ??
    await findOverlap(evaluation.bank, evaluation.queries);
  return { overlap, numbers: checkEvaluation(evaluation, overlap) };
}

/**
 * Extracts features of two data sets, and finds which of their samples are the same image.
 *
 * @throws {TypeError} if a data set is not labelled, or the bank lacks classes of the queries
 * @throws {RangeError} if the bank has fewer neighbours than are asked for
 * @throws {UnreadableImageError} if an image cannot be read and the evaluation is strict
 */
export async function backboneFeatures(
  { backbone, device, weights }: PlacedBackbone,
  evaluation: BackboneEvaluation,
): Promise<BackboneFeatures> {
  const { recipe, batchSize = EVALUATION_BATCH, threads } = evaluation;
  const known = await prepared(evaluation);
  using extractor = await FeatureExtractor.create(
    { backbone, size: recipe.size, batchSize, normalize: recipe.normalize, device, threads },
    weights,
  );
  return await featuresOfBoth(extractor, evaluation, known);
}

/** The pixels of images as their features, normalised by some statistics. */
function pixelFeatures({ size, normalize: { mean, std } }: EvaluationRecipe): ImageFeatures {
  const width = size * size * 3;
  return {
    width,
    extract: (images) => {
      const data = Float32Array.from(
        images.data,
        (value, i) => (value / 255 - mean[i % 3]!) / std[i % 3]!,
      );
      return Promise.resolve(tensor("float32", [images.shape[0]!, width], data));
    },
  };
}

/**
 * How well samples find their counterparts in the other set; undefined where none of the identities is in both, or
 * images are.
 *
 * @param sets the data sets that the features are of
 */
export async function counterpartRetrieval(
  { bank, queries, sameImage }: BackboneFeatures,
  sets: { readonly bank: Dataset; readonly queries: Dataset },
  options: RetrievalOptions = {},
): Promise<RetrievalResult | undefined> {
  const first = identitiesOf(sets.queries, queries);
  const second = identitiesOf(sets.bank, bank);
  const known = new Set(second);
  // A part that is held out of a data set has identities, but no counterparts in the rest.
  const shared = first?.some((identity) => known.has(identity)) ?? false;
  if (sameImage.size > 0 || first === undefined || second === undefined || !shared) {
    return undefined;
  }
  return await retrieval(
    { features: queries.features, identities: first },
    { features: bank.features, identities: second },
    options,
  );
}

/**
 * Extracts features of both data sets and classifies the queries by their neighbours in the bank. An image that is in
 * both is never its own neighbour.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { backbone } from "../backbones/mod.ts";
 * import { datasetOf, evaluationRecipe, IMAGENET_NORMALIZATION, openData } from "../data/mod.ts";
 * import { buildFeatureGraph } from "../encoders/mod.ts";
 * import { CPU, DeviceTensor } from "../engine/ort/mod.ts";
 * import { evaluateBackbone, holdOut } from "./mod.ts";
 *
 * const recipe = evaluationRecipe(32, IMAGENET_NORMALIZATION);
 * const network = { backbone: backbone("resnet18"), size: 32, batchSize: 16, normalize: recipe.normalize, device: CPU };
 * const { scope } = buildFeatureGraph(network);
 * const weights = new Map([...scope.initialize(0)].map(([name, value]) => [name, DeviceTensor.from(value)]));
 *
 * const emoji = await openData("emoji-twitter");
 * const [bank, queries] = holdOut(datasetOf("some", 60, (i) => emoji.sample(30 * i), emoji.classes));
 * const { knn, chance } = await evaluateBackbone({ ...network, weights }, { bank, queries, recipe });
 * console.log(`${100 * knn.top1} %, by chance ${100 * chance.balanced} %`);
 * assertEquals(knn.k, 20);
 * for (const tensor of weights.values()) tensor[Symbol.dispose]();
 * ```
 *
 * @throws {TypeError} if a data set is not labelled, or the bank lacks classes of the queries
 * @throws {RangeError} if the bank has fewer neighbours than are asked for
 * @throws {UnreadableImageError} if an image cannot be read and the evaluation is strict
 */
export async function evaluateBackbone(
  network: PlacedBackbone,
  evaluation: BackboneEvaluation,
): Promise<BackboneScores> {
  return await scoresOf(await backboneFeatures(network, evaluation), evaluation);
}

/**
 * What the pixels of images can do as they are, which a network is to surpass: evaluated as {@linkcode evaluateBackbone}
 * does, with the normalised pixels of the cut images in the place of features.
 *
 * ```ts
 * import { assert } from "@std/assert";
 * import { datasetOf, evaluationRecipe, IMAGENET_NORMALIZATION, openData } from "../data/mod.ts";
 * import { evaluatePixels, holdOut } from "./mod.ts";
 *
 * const emoji = await openData("emoji-twitter");
 * const [bank, queries] = holdOut(datasetOf("some", 60, (i) => emoji.sample(30 * i), emoji.classes));
 * const recipe = evaluationRecipe(16, IMAGENET_NORMALIZATION);
 * const { knn, chance } = await evaluatePixels({ bank, queries, recipe });
 * assert(knn.top1 > 0 && chance.balanced > 0);
 * ```
 *
 * @throws {TypeError} if a data set is not labelled, or the bank lacks classes of the queries
 * @throws {RangeError} if the bank has fewer neighbours than are asked for
 * @throws {UnreadableImageError} if an image cannot be read and the evaluation is strict
 */
export async function evaluatePixels(evaluation: BackboneEvaluation): Promise<BackboneScores> {
  const known = await prepared(evaluation);
  const features = await featuresOfBoth(pixelFeatures(evaluation.recipe), evaluation, known);
  return await scoresOf(features, evaluation);
}

/** How well features classify and find counterparts. */
async function scoresOf(
  features: BackboneFeatures,
  evaluation: BackboneEvaluation,
): Promise<BackboneScores> {
  const { bank, queries, sameImage } = features;
  const { threads, group } = evaluation;
  const knn = await weightedKnn(bank, queries, {
    threads,
    group,
    ...evaluation.knn,
    excluded: (query) => sameImage.get(query) ?? [],
  });
  const found = await counterpartRetrieval(features, evaluation, { threads, group });
  return { ...features, knn, ...(found && { retrieval: found }) };
}
