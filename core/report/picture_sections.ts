/**
 * The section of a training run's report that shows the views it learned from, and samples as pictures.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import type { Dataset } from "../data/dataset.ts";
import { datasetOf } from "../data/dataset_of.ts";
import { evaluationLoader } from "../data/loader/evaluation_loader.ts";
import { viewLoader } from "../data/loader/view_loader.ts";
import { subset } from "../data/subset.ts";
import { Photometry } from "../data/photometry/mod.ts";
import type { VariationOptions } from "../data/variations.ts";
import type { EvaluationRecipe, ViewRecipe } from "../data/views/recipe.ts";
import { elementCount } from "../engine/graph/shape.ts";
import { type Tensor, tensor } from "../engine/graph/tensor.ts";
import { CPU } from "../engine/ort/mod.ts";
import { imageGrid } from "../plot/image_grid.ts";
import type { Section } from "./report.ts";

/** The images of a batch `[N,H,W,3]`, one by one. */
function unpack(batch: Tensor<"uint8">): Tensor<"uint8">[] {
  const [count, ...shape] = batch.shape;
  const length = elementCount(shape);
  return Array.from(
    { length: count! },
    (_, i) => tensor("uint8", shape, batch.data.slice(i * length, (i + 1) * length)),
  );
}

/** Some samples of a data set as images, in the order of the indices. */
export async function samplePictures(
  dataset: Dataset,
  indices: readonly number[],
  recipe: EvaluationRecipe,
): Promise<Tensor<"uint8">[]> {
  const chosen = subset(dataset, indices);
  const pictures: Tensor<"uint8">[] = [];
  const options = { batchSize: Math.max(1, indices.length), strict: true };
  for await (const { images } of evaluationLoader(chosen, recipe, options)) {
    pictures.push(...unpack(images));
  }
  return pictures;
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** The first variations of some samples; undefined if one has none. */
function partnersOf(dataset: Dataset, indices: readonly number[]): Dataset | undefined {
  const samples = indices.map((index) => dataset.sample(index));
  if (samples.some(({ variations }) => variations === undefined)) return undefined;
  return datasetOf(dataset.name, indices.length, (i) => {
    const { key, variations } = samples[i]!;
    return { key, source: variations![0]! };
  });
}

/** Options of {@linkcode viewsSection}. */
export interface ViewsSectionOptions {
  /** Seed of the views. */
  readonly seed: number;
  /** Images that are shown (default 6). */
  readonly samples?: number;
  /** How variations stand in for images. */
  readonly variations?: VariationOptions;
}

/** Images and random views of them, photometry applied. */
export async function viewsSection(
  dataset: Dataset,
  recipes: readonly ViewRecipe[],
  recipe: EvaluationRecipe,
  { seed, samples = 6, variations }: ViewsSectionOptions,
): Promise<Section> {
  const several = (variations?.count ?? 1) > 1 || variations?.followers !== undefined;
  const loader = viewLoader(dataset, recipes, {
    batchSize: samples,
    seed,
    epoch: 0,
    ...(variations && { variations }),
  });
  for await (const batch of loader) {
    const rows = [await samplePictures(dataset, batch.indices, recipe)];
    const partners = partnersOf(dataset, batch.indices);
    if (partners !== undefined) rows.push(await samplePictures(partners, range(samples), recipe));
    for (const [i, view] of batch.views.entries()) {
      using photometry = await Photometry.create({
        recipe: recipes[i]!,
        batchSize: samples,
        device: CPU,
      });
      rows.push(unpack(await photometry.pictures(view)));
    }
    const columns = [
      "image",
      ...(partners ? ["variation"] : []),
      ...recipes.map((_, i) => `view ${i + 1}`),
    ];
    return {
      title: "Views",
      text:
        "The network learns to map random views of an image to similar features, and so to ignore how views differ." +
        (partners === undefined
          ? ""
          : several
          ? " Several views are cropped from variations of the image."
          : " One view is cropped from a variation of the image."),
      figures: [{
        png: await imageGrid({
          images: Array.from({ length: samples }, (_, i) => rows.map((row) => row[i]!)).flat(),
          columns: columns.length,
          columnLabels: columns,
          paper: false,
          scale: Math.max(1, Math.round(96 / recipe.size)),
        }),
        caption: "Some images of the first batch and their random views.",
        alt: `A grid of ${samples} images with ${recipes.length} views each`,
      }],
    };
  }
  throw new GenviewRangeError(
    `Cannot show views of "${dataset.name}": it must have at least ${samples} samples, found ${dataset.length}`,
  );
}
