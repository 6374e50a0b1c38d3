/**
 * Neighbours that are known, laid out in a plane. Nothing native is needed, so that it can run in any worker.
 *
 * @module
 */
import { RandomStream } from "../engine/random/mod.ts";
import { formatType, type Tensor, tensor } from "../engine/graph/tensor.ts";
import { GenviewRangeError } from "../errors/mod.ts";
import type { NearestNeighbors } from "./nearest_neighbors.ts";

/** How neighbours are laid out. */
export interface LayoutOptions {
  /** How close the nearest may lie, in the map's units, in [0, 1] (default 0.1). */
  readonly minimumDistance?: number;
  /** Passes over the pairs of neighbours (default 300). */
  readonly epochs?: number;
  /** Seed of where points begin, and of what they are pushed away from (default 0). */
  readonly seed?: number;
  /**
   * Where points begin, float32 `[N,2]` (default at random in a square of 20 units), such as where they lay by a network that
   * has since been trained on: what stays alike then stays in its place.
   */
  readonly begin?: Tensor<"float32">;
  /** How far points move in the first pass, relative to what pulls and pushes them; less with each (default 1). */
  readonly stepSize?: number;
}

/** Neighbours of all features among themselves, none its own. */
export interface FeatureNeighbors extends NearestNeighbors {
  /** Features. */
  readonly rows: number;
}

/** Options of {@linkcode layOutNeighbors}. */
export interface NeighborLayoutOptions extends LayoutOptions {
  /** Ends the computation, which throws its reason. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_EPOCHS = 300;
const DEFAULT_MINIMUM_DISTANCE = 0.1;

/** Passes between which other work of the program has its turn. */
const EPOCHS_IN_A_TURN = 10;

/**
 * Refuses options that are out of range.
 *
 * @param rows features that are laid out
 * @throws {RangeError} naming them
 */
export function checkLayout(
  { minimumDistance = DEFAULT_MINIMUM_DISTANCE, epochs = DEFAULT_EPOCHS, begin, stepSize = 1 }:
    LayoutOptions,
  rows: number,
): void {
  if (!(minimumDistance >= 0 && minimumDistance <= 1) || !Number.isInteger(epochs) || epochs < 1) {
    throw new GenviewRangeError(
      "Cannot map features: minimumDistance must lie in [0, 1] and epochs be a positive integer, found " +
        `${minimumDistance} and ${epochs}`,
    );
  }
  if (!(stepSize > 0 && stepSize <= 1)) {
    throw new GenviewRangeError(
      `Cannot map features: stepSize must lie in (0, 1], found ${stepSize}`,
    );
  }
  if (begin === undefined) return;
  const { shape } = begin;
  if (shape.length === 2 && shape[0] === rows && shape[1] === 2) return;
  throw new GenviewRangeError(
    `Cannot map features: they must begin at [${rows},2], found ${formatType(begin)}`,
  );
}

/**
 * Lays features out so that neighbours lie close together, by UMAP (McInnes, Healy & Melville 2018, arXiv 1802.03426) as
 * `umap-js` computes it.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { layOutNeighbors } from "./neighbor_layout.ts";
 *
 * // Four features, of which each has its two neighbours in a ring.
 * const indices = Int32Array.of(1, 3, 0, 2, 1, 3, 0, 2);
 * const similarities = new Float32Array(8).fill(0.9);
 * const { shape } = await layOutNeighbors({ rows: 4, indices, similarities });
 * assertEquals(shape, [4, 2]);
 * ```
 *
 * @returns float32 `[N,2]`, the same for the same neighbours, options and seed
 * @throws {RangeError} if options are out of range
 */
export async function layOutNeighbors(
  { rows, indices, similarities }: FeatureNeighbors,
  options: NeighborLayoutOptions = {},
): Promise<Tensor<"float32">> {
  checkLayout(options, rows);
  const { minimumDistance = DEFAULT_MINIMUM_DISTANCE, epochs = DEFAULT_EPOCHS } = options;
  const { seed = 0, begin, stepSize = 1, signal } = options;
  const k = indices.length / rows;
  // A feature is the first of its own neighbours to UMAP.
  const each = <T>(of: (at: number) => T, own: (row: number) => T): T[][] =>
    Array.from({ length: rows }, (_, row) => [
      own(row),
      ...Array.from({ length: k }, (_, place) => of(k * row + place)),
    ]);
  // Loaded when it is needed, for few of the programs that evaluate draw maps.
  const { UMAP } = await import("../deps/umap.ts");
  const random = new RandomStream(seed, "map");
  const umap = new UMAP({
    nNeighbors: k + 1,
    nEpochs: epochs,
    minDist: minimumDistance,
    learningRate: stepSize,
    random: () => random.uint32() / 2 ** 32,
  });
  umap.setPrecomputedKNN(
    each((at) => indices[at]!, (row) => row),
    each((at) => Math.max(0, 1 - similarities[at]!), () => 0),
  );
  // With neighbours that are known it asks of the features how many there are.
  umap.initializeFit(Array.from({ length: rows }, () => []));
  if (begin !== undefined) {
    // These are the very points that its steps move.
    for (const [row, point] of umap.getEmbedding().entries()) {
      point[0] = begin.data[2 * row]!;
      point[1] = begin.data[2 * row + 1]!;
    }
  }
  for (let epoch = 0; epoch < epochs; epoch++) {
    signal?.throwIfAborted();
    umap.step();
    if (epoch % EPOCHS_IN_A_TURN === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  return tensor("float32", [rows, 2], Float32Array.from(umap.getEmbedding().flat()));
}
