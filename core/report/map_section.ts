/**
 * The section of a report that lays images out by their features, as maps of one or several networks.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { evenIndices } from "../data/even_indices.ts";
import type { EvaluationRecipe } from "../data/views/recipe.ts";
import { type Tensor, tensor } from "../engine/graph/tensor.ts";
import type { DatasetFeatures } from "../evaluate/dataset_features.ts";
import { embeddingMap } from "../evaluate/embedding_map.ts";
import { imageMap } from "../plot/image_map.ts";
import { percent } from "./describe_curve.ts";
import { samplePictures } from "./picture_sections.ts";
import type { Figure, Section } from "./report.ts";

/** Features of images by a network. */
export interface MappedFeatures {
  /** What the network is called, such as `before training`. */
  readonly name: string;
  /** Its features of the data set. */
  readonly features: DatasetFeatures;
}

/** Options of {@linkcode mapSection}. */
export interface MapSectionOptions {
  /** Images that are laid out, evenly out of all (default 1000). */
  readonly shown?: number;
  /** Seed of the maps (default 0). */
  readonly seed?: number;
  /** Ends the computation, which throws its reason. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_SHOWN = 1000;

/** Some rows of features, evenly out of all. */
function someRows({ features, labels, indices }: DatasetFeatures, shown: number) {
  const [rows, width] = features.shape as [number, number];
  const chosen = evenIndices(rows, shown);
  const data = new Float32Array(chosen.length * width);
  for (const [place, row] of chosen.entries()) {
    data.set(features.data.subarray(row * width, (row + 1) * width), place * width);
  }
  return {
    features: tensor("float32", [chosen.length, width], data),
    labels: chosen.map((row) => labels[row]!),
    indices: chosen.map((row) => indices[row]!),
  };
}

/** The share of labelled points whose nearest other has the same label; undefined if there are none. */
export function nearestAgreement(
  { data }: Tensor<"float32">,
  labels: readonly number[],
): number | undefined {
  const labelled = labels.flatMap((label, i) => label < 0 ? [] : [i]);
  if (labelled.length < 2) return undefined;
  let agreeing = 0;
  for (const i of labelled) {
    let nearest = { label: -1, distance: Infinity };
    for (const j of labelled) {
      if (i === j) continue;
      const distance = Math.hypot(
        data[2 * i]! - data[2 * j]!,
        data[2 * i + 1]! - data[2 * j + 1]!,
      );
      if (distance < nearest.distance) nearest = { label: labels[j]!, distance };
    }
    if (nearest.label === labels[i]) agreeing++;
  }
  return agreeing / labelled.length;
}

/**
 * Images laid out by the features of each network, by {@linkcode embeddingMap}.
 *
 * @param networks what has features of them
 * @throws {RangeError} if there are fewer than four images
 */
export async function mapSection(
  networks: readonly MappedFeatures[],
  dataset: Dataset,
  recipe: EvaluationRecipe,
  { shown = DEFAULT_SHOWN, seed = 0, signal }: MapSectionOptions = {},
): Promise<Section> {
  const figures: Figure[] = [];
  for (const { name, features } of networks) {
    const some = someRows(features, shown);
    const points = await embeddingMap(some.features, { seed, signal });
    const share = nearestAgreement(points, some.labels);
    const agreement = share === undefined
      ? ""
      : ` ${percent(share)} lie beside one of their own class.`;
    const images = await samplePictures(dataset, some.indices, recipe);
    figures.push({
      png: await imageMap({ images, points }),
      caption: `${images.length} images of ${dataset.name}, ${name}.${agreement}`,
      alt: `A map of ${images.length} images by their features, ${name}.${agreement}`,
    });
  }
  return {
    title: "Maps of the features",
    text:
      "Images that a network takes for alike, by cosine similarity, lie close together (UMAP; distances between far points " +
      "and the axes mean nothing). Where many would lie over each other, some are dots.",
    figures,
  };
}
