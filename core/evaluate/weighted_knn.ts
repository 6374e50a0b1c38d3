/**
 * Classification by the nearest neighbours, weighted by their similarity.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { checkLabels, type LabeledFeatures, occurringClasses } from "./labeled_features.ts";
import {
  mostExcluded,
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

/** Accuracy, predictions and neighbours of {@linkcode weightedKnn}. */
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

/** What a class scores for which no neighbour votes. */
const NO_VOTE = -Infinity;

/** The least that a class scores for which one does. */
const LEAST_SCORE = -Number.MAX_VALUE;

/** The votes of one query's neighbours by class. */
class Ballot {
  /** Logarithm of the sum of each class's votes, relative to the vote of the query's nearest neighbour. */
  readonly scores: Float64Array;
  /** Similarity of the nearest neighbour of each class. */
  readonly #nearest: Float64Array;
  /** Votes of each class relative to that of its nearest neighbour. */
  readonly #votes: Float64Array;

  constructor(classes: number) {
    this.scores = new Float64Array(classes);
    this.#nearest = new Float64Array(classes);
    this.#votes = new Float64Array(classes);
  }

  /** Counts the votes of a query. As logarithms, none is lost at a small temperature. */
  count(
    labels: Int32Array,
    { indices, similarities }: NearestNeighbors,
    { query, k, temperature }: { query: number; k: number; temperature: number },
  ): void {
    const best = similarities[query * k]!;
    this.#votes.fill(0);
    for (let i = query * k; i < (query + 1) * k; i++) {
      const label = labels[indices[i]!]!;
      // Neighbours come in order, so the first of a class is its nearest.
      if (this.#votes[label] === 0) this.#nearest[label] = similarities[i]!;
      this.#votes[label]! += Math.exp((similarities[i]! - this.#nearest[label]!) / temperature);
    }
    for (const [label, votes] of this.#votes.entries()) {
      const score = (this.#nearest[label]! - best) / temperature + Math.log(votes);
      this.scores[label] = votes === 0 ? NO_VOTE : Math.max(LEAST_SCORE, score);
    }
  }
}

/**
 * Classifies queries by weighted nearest neighbours: the score of a class is the sum of exp(cosine / temperature) over
 * the neighbours of this class; of equal scores the lowest class wins
 * ({@link https://arxiv.org/abs/1805.01978 | Wu et al. 2018}, section 3.4). Labels may be ids of any size.
 *
 * @throws {RangeError} if features, labels or options do not fit together
 */
export async function weightedKnn(
  bank: LabeledFeatures,
  queries: LabeledFeatures,
  options: WeightedKnnOptions = {},
): Promise<KnnResult> {
  const { temperature = 0.07, excluded = () => [] } = options;
  if (!(temperature > 0)) {
    throw new GenviewRangeError(
      `Cannot classify by neighbors: temperature must be above 0, found ${temperature}`,
    );
  }
  checkLabels(bank, "the bank");
  checkLabels(queries, "the queries");
  const classes = occurringClasses(bank.labels, queries.labels);
  const [voters, wanted] = [bank, queries].map(({ labels }) => classes.numbersOf(labels));
  const most = mostExcluded(excluded, queries.labels.length);
  const k = neighborCount(options.k, bank.labels.length, most);
  const neighbors = await nearestNeighbors(bank.features, queries.features, { ...options, k });
  const ballot = new Ballot(classes.labels.length);
  const predictions = new Int32Array(queries.labels.length);
  let first = 0;
  let firstFive = 0;
  for (const [query, label] of wanted!.entries()) {
    ballot.count(voters!, neighbors, { query, k, temperature });
    const { scores } = ballot;
    const best = largestOf(scores);
    predictions[query] = classes.labels[best]!;
    if (best === label) first++;
    if (scores[label] !== NO_VOTE && rankOf(scores, label) < 5) firstFive++;
  }
  const share = (count: number) => count / queries.labels.length;
  return { top1: share(first), top5: share(firstFive), predictions, k, neighbors };
}
