/**
 * Classification by the nearest neighbours, weighted by their similarity.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { classCount, type LabeledFeatures } from "./labeled_features.ts";
import {
  type NearestNeighbors,
  nearestNeighbors,
  type NearestNeighborsOptions,
  neighborCount,
} from "./nearest_neighbors.ts";
import { largestOf, rankOf } from "./ranking.ts";

/** Options of {@linkcode weightedKnn}. */
export interface WeightedKnnOptions extends Omit<NearestNeighborsOptions, "k"> {
  /** Number of neighbours that vote (default 20, or all that there are where they are fewer). */
  readonly k?: number;
  /** Temperature of the votes (default 0.07, as in DINO; InstDisc has 200 neighbours at 0.1). */
  readonly temperature?: number;
}

/** What the neighbours say. */
export interface KnnResult {
  /** Share of the queries whose class has the highest score. */
  readonly top1: number;
  /** Share of the queries whose class has a vote and one of the five highest scores. */
  readonly top5: number;
  /** Class of the highest score for each query. */
  readonly predictions: Int32Array;
  /** Number of neighbours of each query. */
  readonly k: number;
  /** The neighbours, `[N,k]`. */
  readonly neighbors: NearestNeighbors;
}

/** Adds up the votes of one query's neighbours by class. */
function vote(
  scores: Float64Array,
  labels: Int32Array,
  { indices, similarities }: NearestNeighbors,
  { query, k, temperature }: { query: number; k: number; temperature: number },
): void {
  scores.fill(0);
  for (let i = query * k; i < (query + 1) * k; i++) {
    // Relative to the largest that there can be, so that no temperature overflows.
    scores[labels[indices[i]!]!]! += Math.exp((similarities[i]! - 1) / temperature);
  }
}

/**
 * Classifies queries by weighted nearest neighbours: the score of a class is the sum of exp(cosine / temperature) over
 * the neighbours of this class; of equal scores the lowest class wins
 * ({@link https://arxiv.org/abs/1805.01978 | Wu et al. 2018}, section 3.4).
 *
 * @throws {RangeError} if features, labels or options do not fit together
 */
export async function weightedKnn(
  bank: LabeledFeatures,
  queries: LabeledFeatures,
  options: WeightedKnnOptions = {},
): Promise<KnnResult> {
  const { temperature = 0.07, excludeSelf = false } = options;
  if (!(temperature > 0)) {
    throw new GenviewRangeError(
      `Cannot classify by neighbors: temperature must be above 0, found ${temperature}`,
    );
  }
  const classes = Math.max(classCount(bank, "the bank"), classCount(queries, "the queries"));
  const k = neighborCount(options.k, bank.labels.length, excludeSelf);
  const neighbors = await nearestNeighbors(bank.features, queries.features, { ...options, k });
  const scores = new Float64Array(classes);
  const predictions = new Int32Array(queries.labels.length);
  let first = 0;
  let firstFive = 0;
  for (const [query, label] of queries.labels.entries()) {
    vote(scores, bank.labels, neighbors, { query, k, temperature });
    predictions[query] = largestOf(scores);
    if (predictions[query] === label) first++;
    if (scores[label]! > 0 && rankOf(scores, label) < 5) firstFive++;
  }
  const share = (count: number) => count / queries.labels.length;
  return { top1: share(first), top5: share(firstFive), predictions, k, neighbors };
}
