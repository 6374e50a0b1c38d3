/**
 * Features laid out in a plane, so that what a network takes for alike lies close together.
 *
 * @module
 */
import { formatType, type Tensor } from "../engine/graph/tensor.ts";
import { GenviewRangeError } from "../errors/mod.ts";
import { nearestNeighbors } from "./nearest_neighbors.ts";
import {
  checkLayout,
  type FeatureNeighbors,
  layOutNeighbors,
  type LayoutOptions,
} from "./neighbor_layout.ts";
import type { ComputeOptions } from "./similarities.ts";

/** Options of {@linkcode featureNeighbors}. */
export interface FeatureNeighborsOptions extends ComputeOptions {
  /** Neighbours of each feature that it is to lie beside, itself among them (default 15, or all if they are fewer). */
  readonly neighbors?: number;
}

/** Options of {@linkcode embeddingMap}. */
export interface EmbeddingMapOptions extends FeatureNeighborsOptions, LayoutOptions {
  /** Ends the computation, which throws its reason. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_NEIGHBORS = 15;

/** Fewer features have no neighbourhoods to lay out. */
const LEAST_ROWS = 4;

function checkFeatures(features: Tensor<"float32">, neighbors: number): void {
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

/** The number of neighbours that is asked for, or the default. */
function neighborsOf(features: Tensor<"float32">, { neighbors }: FeatureNeighborsOptions): number {
  const count = neighbors ?? Math.min(DEFAULT_NEIGHBORS, (features.shape[0] ?? 0) - 1);
  checkFeatures(features, count);
  return count;
}

/**
 * The neighbours of each feature among the others, by cosine similarity, that a map lays it beside.
 *
 * @param features float32 `[N,D]`, at least 4 rows
 * @throws {RangeError} if there are too few features, or options are out of range
 */
export async function featureNeighbors(
  features: Tensor<"float32">,
  options: FeatureNeighborsOptions = {},
): Promise<FeatureNeighbors> {
  const { neighbors: _neighbors, ...placement } = options;
  const found = await nearestNeighbors(features, features, {
    ...placement,
    k: neighborsOf(features, options) - 1,
    excluded: (query) => [query],
  });
  return { rows: features.shape[0]!, ...found };
}

/**
 * A map of features: neighbours by cosine similarity lie close together. By UMAP (McInnes, Healy & Melville 2018,
 * arXiv 1802.03426) as `umap-js` computes it, from the exact neighbours of each feature. Distances
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
  const { minimumDistance, epochs, seed, begin, stepSize, signal, ...placement } = options;
  const layout = {
    ...(minimumDistance !== undefined && { minimumDistance }),
    ...(epochs !== undefined && { epochs }),
    ...(seed !== undefined && { seed }),
    ...(begin && { begin }),
    ...(stepSize !== undefined && { stepSize }),
  };
  // Before neighbours are looked up.
  neighborsOf(features, placement);
  checkLayout(layout, features.shape[0]!);
  return await layOutNeighbors(await featureNeighbors(features, placement), { ...layout, signal });
}
