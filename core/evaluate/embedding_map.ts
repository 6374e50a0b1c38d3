/**
 * Features laid out in a plane, so that what a network takes for alike lies side by side.
 *
 * @module
 */
import { RandomStream } from "../engine/random/mod.ts";
import { formatType, type Tensor, tensor } from "../engine/graph/tensor.ts";
import { GenviewRangeError } from "../errors/mod.ts";
import { nearestNeighbors } from "./nearest_neighbors.ts";
import type { ComputeOptions } from "./similarities.ts";

/** Options of {@linkcode embeddingMap}. */
export interface EmbeddingMapOptions extends ComputeOptions {
  /** Neighbours of each feature that it is to lie beside, itself among them (default 15, or all if they are fewer). */
  readonly neighbors?: number;
  /** How close the nearest may lie, in the map's units, in [0, 1] (default 0.1). */
  readonly minimumDistance?: number;
  /** Passes over the pairs of neighbours (default 300). */
  readonly epochs?: number;
  /** Seed of where points begin, and of what they are pushed away from (default 0). */
  readonly seed?: number;
  /** Ends the computation, which throws its reason. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_NEIGHBORS = 15;
const DEFAULT_EPOCHS = 300;
const DEFAULT_MINIMUM_DISTANCE = 0.1;

/** Fewer features have no neighbourhoods to lay out. */
const LEAST_ROWS = 4;

/** Passes between which other work of the program has its turn. */
const EPOCHS_IN_A_TURN = 10;

function checkOptions(features: Tensor<"float32">, neighbors: number): void {
  const { shape: [rows = 0, width = 0] } = features;
  if (features.shape.length !== 2 || rows < LEAST_ROWS || width === 0) {
    throw new GenviewRangeError(
      `Cannot map features: they must be [N,D] of at least ${LEAST_ROWS} rows, found ${
        formatType(features)
      }`,
    );
  }
  if (!Number.isInteger(neighbors) || neighbors < 2 || neighbors >= rows) {
    throw new GenviewRangeError(
      `Cannot map features: neighbors must be an integer in [2, ${
        rows - 1
      }], one less than there are features, ` +
        `found ${neighbors}`,
    );
  }
}

/**
 * A map of features: neighbours by cosine similarity lie side by side. By UMAP (McInnes, Healy & Melville 2018,
 * arXiv 1802.03426) as `umap-js` computes it, from the exact neighbours of each feature and a random beginning. Distances
 * between far points of a map, its axes and its sides mean nothing.
 *
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { float32 } from "../engine/graph/tensor.ts";
 * import { embeddingMap } from "./embedding_map.ts";
 *
 * const angles = [0, 0.01, 0.02, 0.03, 0.04, 2, 2.01, 2.02, 2.03, 2.04];
 * const features = float32([10, 2], angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]));
 * const { shape, data } = await embeddingMap(features, { neighbors: 4 });
 * assertEquals(shape, [10, 2]);
 * const distance = (a: number, b: number) =>
 *   Math.hypot(data[2 * a]! - data[2 * b]!, data[2 * a + 1]! - data[2 * b + 1]!);
 * assert(distance(0, 1) < distance(0, 5));
 * ```
 *
 * @param features float32 `[N,D]`, at least 4 rows; their lengths do not matter
 * @returns float32 `[N,2]`, the same for the same features, options and seed
 * @throws {RangeError} if there are too few features, or options are out of range
 */
export async function embeddingMap(
  features: Tensor<"float32">,
  options: EmbeddingMapOptions = {},
): Promise<Tensor<"float32">> {
  const { minimumDistance = DEFAULT_MINIMUM_DISTANCE, epochs = DEFAULT_EPOCHS } = options;
  const { seed = 0, signal, ...placement } = options;
  const rows = features.shape[0] ?? 0;
  const neighbors = options.neighbors ?? Math.min(DEFAULT_NEIGHBORS, rows - 1);
  checkOptions(features, neighbors);
  if (!(minimumDistance >= 0 && minimumDistance <= 1) || !Number.isInteger(epochs) || epochs < 1) {
    throw new GenviewRangeError(
      "Cannot map features: minimumDistance must lie in [0, 1] and epochs be a positive integer, found " +
        `${minimumDistance} and ${epochs}`,
    );
  }
  const k = neighbors - 1;
  const found = await nearestNeighbors(features, features, {
    ...placement,
    k,
    excluded: (query) => [query],
  });
  // A feature is the first of its own neighbours to UMAP.
  const each = <T>(of: (row: number, place: number) => T, own: (row: number) => T): T[][] =>
    Array.from({ length: rows }, (_, row) => [
      own(row),
      ...Array.from({ length: k }, (_, place) => of(row, k * row + place)),
    ]);
  // Loaded when it is needed, for few of the programs that evaluate draw maps.
  const { UMAP } = await import("../deps/umap.ts");
  const random = new RandomStream(seed, "map");
  const umap = new UMAP({
    nNeighbors: neighbors,
    nEpochs: epochs,
    minDist: minimumDistance,
    random: () => random.uint32() / 2 ** 32,
  });
  umap.setPrecomputedKNN(
    each((_, at) => found.indices[at]!, (row) => row),
    each((_, at) => Math.max(0, 1 - found.similarities[at]!), () => 0),
  );
  // With neighbours that are known it asks of the features how many there are.
  umap.initializeFit(Array.from({ length: rows }, () => []));
  for (let epoch = 0; epoch < epochs; epoch++) {
    signal?.throwIfAborted();
    umap.step();
    if (epoch % EPOCHS_IN_A_TURN === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  return tensor("float32", [rows, 2], Float32Array.from(umap.getEmbedding().flat()));
}
