/**
 * Features of variations beside those of their originals and of other images.
 *
 * @module
 */
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Placement } from "../../engine/ort/mod.ts";
import { normalizeRows } from "../../evaluate/normalize_rows.ts";
import { type IdentifiedFeatures, retrieval } from "../../evaluate/retrieval.ts";
import { type EmbeddingGaussian, embeddingGaussian, frechetDistance } from "./distance.ts";

/** What variations at one level, or images to compare them with, are like. */
export interface LevelMeasure {
  /** Mean cosine similarity to the original. */
  readonly similarity: number;
  /** Share of images whose nearest image in the bank shows the same thing. */
  readonly nearestIdentity: number;
  /** Fréchet distance of their features to those of the bank. */
  readonly distance: number;
}

/** Mean inner product of rows of unit length with the same rows of another matrix. */
function meanSimilarity(a: Tensor<"float32">, b: Tensor<"float32">): number {
  return a.data.reduce((sum, value, i) => sum + value * b.data[i]!, 0) / a.shape[0]!;
}

/** Mean inner product of all pairs of different rows of unit length. */
function similarityAmong({ data, shape }: Tensor<"float32">): number {
  const [count, width] = shape as [number, number];
  const sum = new Float64Array(width);
  data.forEach((value, i) => sum[i % width]! += value);
  const square = sum.reduce((total, value) => total + value ** 2, 0);
  return (square - count) / (count * (count - 1));
}

/** Compares features with those of the originals and of the bank. */
export class LevelComparison {
  readonly #placement: Partial<Placement>;
  readonly #bank: IdentifiedFeatures;
  readonly #real: EmbeddingGaussian;
  readonly #originals: IdentifiedFeatures;
  readonly #unit: Tensor<"float32">;

  /**
   * @param originals features of the images that were varied
   * @param bank features of all images
   */
  constructor(
    originals: IdentifiedFeatures,
    bank: IdentifiedFeatures,
    placement: Partial<Placement>,
  ) {
    this.#originals = originals;
    this.#unit = normalizeRows(originals.features);
    this.#bank = bank;
    this.#real = embeddingGaussian(bank.features);
    this.#placement = placement;
  }

  /** Similarity and rate of two different originals, by chance. */
  async others(): Promise<Pick<LevelMeasure, "similarity" | "nearestIdentity">> {
    const { forward } = await retrieval(this.#originals, this.#bank, this.#placement);
    return {
      similarity: similarityAmong(this.#unit),
      nearestIdentity: forward.chance.recallAt1,
    };
  }

  /**
   * What images are like that stand for the originals, a row for each.
   *
   * @throws {RangeError} if features are not finite or all 0
   */
  async of(features: Tensor<"float32">): Promise<LevelMeasure> {
    const seen = { features, identities: this.#originals.identities };
    const { forward } = await retrieval(seen, this.#bank, this.#placement);
    return {
      similarity: meanSimilarity(normalizeRows(features), this.#unit),
      nearestIdentity: forward.recallAt1,
      distance: frechetDistance(embeddingGaussian(features), this.#real),
    };
  }
}
