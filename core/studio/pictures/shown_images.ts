/**
 * Images of a run's data that its network is shown with.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Dataset } from "../../data/dataset.ts";
import { evenIndices } from "../../data/even_indices.ts";
import { evaluationLoader } from "../../data/loader/evaluation_loader.ts";
import { spreadSamples } from "../../data/spread_samples.ts";
import { subset } from "../../data/subset.ts";
import type { EvaluationRecipe } from "../../data/views/recipe.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import { configuredRecipe } from "../../evaluate/configured_evaluation.ts";
import type { Thumbnail } from "../api/pictures.ts";
import type { PictureContext } from "./picture_context.ts";
import type { RecordedRun } from "./recorded_run.ts";
import { thumbnail } from "./thumbnails.ts";

/** Samples among which those are chosen that are shown: going through millions takes seconds. */
const MOST_CANDIDATES = 50_000;

/** Images in a batch. */
const BATCH_SIZE = 32;

/** Some images of a data set. */
export interface ShownImages {
  /** The images, in the order in which they are shown. */
  readonly dataset: Dataset;
  /** How a network sees them. */
  readonly recipe: EvaluationRecipe;
  /** Tells them, and how they are seen, from others. */
  readonly digest: string;
  /** Reads them, once. */
  readonly batches: () => Promise<ImageBatches>;
}

/** Images that were read. */
export interface ImageBatches {
  /** uint8 `[n,S,S,3]`, one batch after the other. */
  readonly batches: readonly Tensor<"uint8">[];
  /** Indices of the images that could be read, in their order. */
  readonly indices: readonly number[];
}

async function readAll(
  dataset: Dataset,
  recipe: EvaluationRecipe,
  signal: AbortSignal,
): Promise<ImageBatches> {
  const batches: Tensor<"uint8">[] = [];
  const indices: number[] = [];
  for await (const batch of evaluationLoader(dataset, recipe, { batchSize: BATCH_SIZE })) {
    signal.throwIfAborted();
    if (batch.indices.length === 0) continue;
    batches.push(batch.images);
    indices.push(...batch.indices);
  }
  if (indices.length > 0) return { batches, indices };
  throw new GenviewTypeError(
    `Cannot show images of "${dataset.name}": it must hold images that can be read, found none of ${dataset.length}`,
  );
}

/**
 * Chooses images of a run's data, as many of each class as of the others, the same in every call.
 *
 * @throws {TypeError} if the data cannot be opened, or lie where the studio may not read
 */
export async function shownImages(
  { files }: Pick<PictureContext, "files">,
  { configuration }: RecordedRun,
  count: number,
  signal: AbortSignal,
): Promise<ShownImages> {
  const all = await files.open(configuration.data);
  const chosen = spreadSamples(all, evenIndices(all.length, MOST_CANDIDATES), count);
  const dataset = subset(all, chosen);
  const recipe = configuredRecipe(configuration);
  const hash = createHash("sha256").update(JSON.stringify([configuration.data, recipe]));
  for (let i = 0; i < dataset.length; i++) hash.update(`${dataset.sample(i).key}\n`);
  let read: Promise<ImageBatches> | undefined;
  return {
    dataset,
    recipe,
    digest: hash.digest("hex"),
    batches: () => read ??= readAll(dataset, recipe, signal),
  };
}

/** What an image is called and where its picture is. */
export function nameImage(
  { pictures }: Pick<PictureContext, "pictures">,
  { dataset, digest }: Pick<ShownImages, "dataset" | "digest">,
  index: number,
): Thumbnail {
  const { key, label, source } = dataset.sample(index);
  return {
    key,
    label: label === undefined ? "" : dataset.classes?.[label] ?? String(label),
    picture: pictures.add(`${digest} ${index}`, () => thumbnail(source)),
  };
}
