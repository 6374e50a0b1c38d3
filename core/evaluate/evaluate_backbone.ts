/**
 * Evaluation of a frozen backbone on a pair of labelled data sets.
 *
 * @module
 */
import type { Backbone } from "../backbones/backbone.ts";
import type { Dataset } from "../data/dataset.ts";
import type { LoaderOptions } from "../data/loader/options.ts";
import { evaluationView } from "../data/views/presets.ts";
import type { EvaluationRecipe, Normalization } from "../data/views/recipe.ts";
import type { Device, DeviceTensor } from "../engine/ort/mod.ts";
import { FeatureExtractor } from "../encoders/feature_extractor.ts";
import { bankLabels } from "./bank_labels.ts";
import { type DatasetFeatures, datasetFeatures } from "./dataset_features.ts";
import { neighborCount } from "./nearest_neighbors.ts";
import { retrieval, type RetrievalResult } from "./retrieval.ts";
import { type KnnResult, weightedKnn, type WeightedKnnOptions } from "./weighted_knn.ts";

/** Views up to this many pixels are evaluated whole, as on CIFAR; larger ones lose their borders. */
const SMALL = 64;

/** How images are cut for evaluation at a size. */
export function evaluationRecipe(size: number, normalize: Normalization): EvaluationRecipe {
  const recipe = evaluationView(size, { normalize });
  return size <= SMALL ? { ...recipe, shorterSide: size } : recipe;
}

/** A backbone where its weights lie. */
export interface PlacedBackbone {
  readonly backbone: Backbone;
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
   * Labelled samples that are classified; the same as the bank leaves each out of its own vote. Where both sets name
   * their classes, they are compared by name.
   */
  readonly queries: Dataset;
  readonly recipe: EvaluationRecipe;
  readonly batchSize?: number;
  readonly threads?: number;
  readonly knn?: WeightedKnnOptions;
}

/** What an evaluation finds. */
export interface BackboneScores {
  readonly bank: DatasetFeatures;
  /** Their labels are in the bank's numbers. */
  readonly queries: DatasetFeatures;
  readonly knn: KnnResult;
  /** How well samples find their counterparts in the other set; where the samples have identities. */
  readonly retrieval?: RetrievalResult;
}

/**
 * Checks what an evaluation is given, as far as that is known before anything is computed.
 *
 * @returns the bank's number of each label that the queries have
 * @throws {TypeError} if a data set is not labelled, or the bank lacks classes of the queries
 * @throws {RangeError} if the bank has fewer neighbours than are asked for
 */
export function checkEvaluation(
  { bank, queries, knn }: Pick<BackboneEvaluation, "bank" | "queries" | "knn">,
): ReadonlyMap<number, number> {
  neighborCount(knn?.k, bank.length, bank === queries);
  return bankLabels(bank, queries);
}

function identitiesOf(dataset: Dataset, { indices }: DatasetFeatures): string[] | undefined {
  const identities = indices.map((index) => dataset.sample(index).identity);
  return identities.every((identity) => identity !== undefined) ? identities : undefined;
}

/**
 * Extracts features of both data sets and classifies the queries by their neighbours in the bank.
 *
 * @throws {TypeError} if a data set is not labelled, or the bank lacks classes of the queries
 * @throws {RangeError} if the bank has fewer neighbours than are asked for
 * @throws {UnreadableImageError} if an image cannot be read and the evaluation is strict
 */
export async function evaluateBackbone(
  { backbone, device, weights }: PlacedBackbone,
  evaluation: BackboneEvaluation,
): Promise<BackboneScores> {
  const { bank, queries, recipe, batchSize = 64, threads, strict = false, onWarning } = evaluation;
  const numbers = checkEvaluation(evaluation);
  const threaded = threads === undefined ? {} : { threads };
  using extractor = await FeatureExtractor.create(
    { backbone, size: recipe.size, batchSize, normalize: recipe.normalize, device, ...threaded },
    weights,
  );
  // One map for both data sets, so that an image in both is warned of once.
  const { unreadable = new Map<string, string>() } = evaluation;
  const loading = { batchSize, strict, unreadable, ...(onWarning && { onWarning }) };
  const bankFeatures = await datasetFeatures(extractor, bank, recipe, loading);
  const same = bank === queries;
  const found = same ? bankFeatures : await datasetFeatures(extractor, queries, recipe, loading);
  const queryFeatures = { ...found, labels: found.labels.map((label) => numbers.get(label)!) };
  const knn = await weightedKnn(bankFeatures, queryFeatures, {
    ...threaded,
    ...evaluation.knn,
    excludeSelf: same,
  });
  const first = identitiesOf(queries, queryFeatures);
  const second = identitiesOf(bank, bankFeatures);
  const counterparts = !same && first && second
    ? await retrieval(
      { features: queryFeatures.features, identities: first },
      { features: bankFeatures.features, identities: second },
      threaded,
    )
    : undefined;
  return {
    bank: bankFeatures,
    queries: queryFeatures,
    knn,
    ...(counterparts && { retrieval: counterparts }),
  };
}
