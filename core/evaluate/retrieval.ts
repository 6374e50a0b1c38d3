/**
 * Retrieval between two renderings of the same things: how high the counterpart of each ranks.
 *
 * @module
 */
import { gatherParts } from "../distributed/mod.ts";
import { GenviewRangeError } from "../errors/mod.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { type SimilarityOptions, similarityRows } from "./similarities.ts";

/** Where things are looked for, and by which ranks. */
export type RetrievalOptions = Omit<SimilarityOptions, "distance">;

/** Features of things and what they show. */
export interface IdentifiedFeatures {
  /** float32 `[N,D]`. */
  readonly features: Tensor<"float32">;
  /** Identity of each row, the same for all renderings of one thing. */
  readonly identities: readonly (string | number)[];
}

/** How well things are found. */
export interface RetrievalScores {
  /** Queries that have a counterpart. */
  readonly queries: number;
  /** Share of the queries whose counterpart is the most similar. */
  readonly recallAt1: number;
  /** Share of the queries whose counterpart is among the five most similar. */
  readonly recallAt5: number;
  /** Mean of one over the place of the counterpart. */
  readonly meanReciprocalRank: number;
  /** Expected recalls where the order of the bank is random. */
  readonly chance: { readonly recallAt1: number; readonly recallAt5: number };
}

/** Retrieval in both directions. */
export interface RetrievalResult {
  /** Queries of the first set in the second. */
  readonly forward: RetrievalScores;
  /** Queries of the second set in the first. */
  readonly backward: RetrievalScores;
}

/** Place of the first of some elements in descending order; of equal ones the wrong ones come first. */
function placeOf(values: Float32Array, sought: readonly number[]): number {
  const best = sought.reduce((most, i) => Math.max(most, values[i]!), -Infinity);
  const right = new Set(sought);
  let before = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! >= best && !right.has(i)) before++;
  }
  return before + 1;
}

/**
 * Expected recall of random orders of a bank: the probability that one of a query's counterparts is among the first.
 *
 * @param counts counterparts of each query
 */
function randomRecall(counts: readonly number[], bank: number, first: number): number {
  const recall = (count: number) => {
    let missed = 1;
    for (let i = 0; i < Math.min(first, bank); i++) {
      missed *= Math.max(0, bank - count - i) / (bank - i);
    }
    return 1 - missed;
  };
  return counts.reduce((sum, count) => sum + recall(count), 0) / counts.length;
}

function rowsByIdentity({ identities }: IdentifiedFeatures): Map<string | number, number[]> {
  const rows = new Map<string | number, number[]>();
  identities.forEach((identity, row) => {
    const known = rows.get(identity);
    if (known === undefined) rows.set(identity, [row]);
    else known.push(row);
  });
  return rows;
}

async function direction(
  queries: IdentifiedFeatures,
  bank: IdentifiedFeatures,
  options: RetrievalOptions,
): Promise<RetrievalScores> {
  const counterparts = rowsByIdentity(bank);
  const ownPlaces: number[] = [];
  const ownCounts: number[] = [];
  for await (const row of similarityRows(bank.features, queries.features, options)) {
    const sought = counterparts.get(queries.identities[row.query]!);
    if (sought === undefined) continue;
    ownPlaces.push(placeOf(row.similarities, sought));
    ownCounts.push(sought.length);
  }
  const places = [...await gatherParts(options.group, Float64Array.from(ownPlaces))];
  const counts = [...await gatherParts(options.group, Float64Array.from(ownCounts))];
  if (places.length === 0) {
    throw new GenviewRangeError(
      "Cannot retrieve: the sets must share identities, found none in both",
    );
  }
  const mean = (score: (place: number) => number) =>
    places.reduce((sum, place) => sum + score(place), 0) / places.length;
  return {
    queries: places.length,
    recallAt1: mean((place) => place <= 1 ? 1 : 0),
    recallAt5: mean((place) => place <= 5 ? 1 : 0),
    meanReciprocalRank: mean((place) => 1 / place),
    chance: {
      recallAt1: randomRecall(counts, bank.identities.length, 1),
      recallAt5: randomRecall(counts, bank.identities.length, 5),
    },
  };
}

function checkIdentities({ features, identities }: IdentifiedFeatures): void {
  if (features.shape[0] === identities.length) return;
  throw new GenviewRangeError(
    `Cannot retrieve: there must be an identity for each row, found ${identities.length} for ${
      features.shape[0]
    }`,
  );
}

/**
 * Finds each thing of one set in the other by cosine similarity, in both directions. Things that the other set lacks
 * are no queries, but they are in the way of others. If a counterpart is as similar as something wrong, it counts as
 * found after it, so that a collapsed network finds nothing.
 *
 * @throws {RangeError} if features and identities do not fit together, or the sets share no identity
 */
export async function retrieval(
  first: IdentifiedFeatures,
  second: IdentifiedFeatures,
  options: RetrievalOptions = {},
): Promise<RetrievalResult> {
  checkIdentities(first);
  checkIdentities(second);
  return {
    forward: await direction(first, second, options),
    backward: await direction(second, first, options),
  };
}
