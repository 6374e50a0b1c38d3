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

  /** Counts the votes of a query's first neighbours. As logarithms, none is lost at a small temperature. */
  count(
    labels: Int32Array,
    { indices, similarities }: NearestNeighbors,
    { first, k, temperature }: { first: number; k: number; temperature: number },
  ): void {
    const best = similarities[first]!;
    this.#votes.fill(0);
    for (let i = first; i < first + k; i++) {
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

/** Accuracy of one number of neighbours at one temperature. */
export interface KnnAccuracy {
  /** Number of neighbours that vote. */
  readonly k: number;
  /** Temperature of the votes. */
  readonly temperature: number;
  /** Share of the queries whose class has the highest score. */
  readonly top1: number;
  /** Share of the queries whose class has a vote and one of the five highest scores. */
  readonly top5: number;
}

/** The neighbours of all queries, `most` of each, and what they vote for. */
interface Election {
  readonly neighbors: NearestNeighbors;
  readonly most: number;
  /** Classes of the bank's rows and of the queries, numbered from 0. */
  readonly voters: Int32Array;
  readonly wanted: Int32Array;
  readonly classes: Int32Array;
}

function checkTemperature(temperature: number): void {
  if (temperature > 0) return;
  throw new GenviewRangeError(
    `Cannot classify by neighbors: temperature must be above 0, found ${temperature}`,
  );
}

async function findNeighbors(
  bank: LabeledFeatures,
  queries: LabeledFeatures,
  most: number,
  options: Omit<NearestNeighborsOptions, "k">,
): Promise<Election> {
  const { labels: classes, numbersOf } = occurringClasses(bank.labels, queries.labels);
  return {
    neighbors: await nearestNeighbors(bank.features, queries.features, { ...options, k: most }),
    most,
    voters: numbersOf(bank.labels),
    wanted: numbersOf(queries.labels),
    classes,
  };
}

/** Counts the votes of the first `k` neighbours. */
function elect(
  { neighbors, most, voters, wanted, classes }: Election,
  { k, temperature }: { readonly k: number; readonly temperature: number },
): Omit<KnnResult, "neighbors"> {
  const ballot = new Ballot(classes.length);
  const predictions = new Int32Array(wanted.length);
  let first = 0;
  let firstFive = 0;
  for (const [query, label] of wanted.entries()) {
    ballot.count(voters, neighbors, { first: query * most, k, temperature });
    const { scores } = ballot;
    const best = largestOf(scores);
    predictions[query] = classes[best]!;
    if (best === label) first++;
    if (scores[label] !== NO_VOTE && rankOf(scores, label) < 5) firstFive++;
  }
  const share = (count: number) => count / wanted.length;
  return { top1: share(first), top5: share(firstFive), predictions, k };
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
  checkTemperature(temperature);
  checkLabels(bank, "the bank");
  checkLabels(queries, "the queries");
  const most = mostExcluded(excluded, queries.labels.length);
  const k = neighborCount(options.k, bank.labels.length, most);
  const election = await findNeighbors(bank, queries, k, options);
  return { ...elect(election, { k, temperature }), neighbors: election.neighbors };
}

/** Options of {@linkcode knnSweep}. */
export interface KnnSweepOptions extends Omit<NearestNeighborsOptions, "k"> {
  /** Numbers of neighbours (default 20, or all that there are where they are fewer). */
  readonly k?: readonly number[];
  /** Temperatures of the votes (default 0.07); one that does not count where votes are inverse distances. */
  readonly temperature?: readonly number[];
}

/**
 * Classifies as {@linkcode weightedKnn} does, by several numbers of neighbours at several temperatures: the neighbours
 * are looked up once. By Euclidean distance d a neighbour votes with 1/(d + 1e-5), whatever the temperature, as in
 * solo-learn's `WeightedKNNClassifier`; then each k is counted once, at temperature 1.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { float32 } from "../engine/graph/tensor.ts";
 * import { knnSweep } from "./weighted_knn.ts";
 *
 * const bank = { features: float32([3, 2], [1, 0, 0.6, 0.8, 0.6, 0.8]), labels: Int32Array.of(1, 0, 0) };
 * const query = { features: float32([1, 2], [1, 0.1]), labels: Int32Array.of(1) };
 * const found = await knnSweep(bank, query, { k: [1, 3], temperature: [0.07, 10] });
 * assertEquals(found.map(({ k, temperature, top1 }) => [k, temperature, top1]), [
 *   [1, 0.07, 1],
 *   [1, 10, 1],
 *   [3, 0.07, 1],
 *   [3, 10, 0],
 * ]);
 * ```
 *
 * @returns by k, then by temperature, in the order given
 * @throws {RangeError} if features, labels or options do not fit together
 */
export async function knnSweep(
  bank: LabeledFeatures,
  queries: LabeledFeatures,
  options: KnnSweepOptions = {},
): Promise<KnnAccuracy[]> {
  const { excluded = () => [], distance = "cosine" } = options;
  const temperatures = distance === "euclidean" ? [1] : options.temperature ?? [0.07];
  temperatures.forEach(checkTemperature);
  checkLabels(bank, "the bank");
  checkLabels(queries, "the queries");
  const left = mostExcluded(excluded, queries.labels.length);
  const counts = (options.k ?? [undefined]).map((k) => neighborCount(k, bank.labels.length, left));
  const election = await findNeighbors(bank, queries, Math.max(...counts), options);
  return counts.flatMap((k) =>
    temperatures.map((temperature) => {
      const { top1, top5 } = elect(election, { k, temperature });
      return { k, temperature, top1, top5 };
    })
  );
}
