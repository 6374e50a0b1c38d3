/**
 * Views of samples as a run's network gets them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Dataset } from "../../data/dataset.ts";
import { type ViewBatch, viewLoader } from "../../data/loader/view_loader.ts";
import type { ViewRecipe } from "../../data/views/recipe.ts";
import { encodeImage } from "../../data/write_image.ts";
import { elementCount } from "../../engine/graph/shape.ts";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import { CPU } from "../../engine/ort/mod.ts";
import { GenviewRangeError } from "../../errors/mod.ts";
import { configuredVariations } from "../../train/run/generated_views.ts";
import { ViewFeed } from "../../train/step/view_feed.ts";
import type { ViewsAnswer } from "../api/pictures.ts";
import type { PictureContext } from "./picture_context.ts";
import { chosenEpoch, openRecordedRun, type RecordedRun } from "./recorded_run.ts";
import { thumbnail } from "./thumbnails.ts";

/** Which views are asked for. */
export interface ViewsQuery {
  /** Path of the run below the studio's root. */
  readonly run: string;
  /** Samples. */
  readonly count: number;
  /** Epoch, counted from 0; the last when left out. */
  readonly epoch?: number | undefined;
}

/** One image out of a batch `[N,H,W,C]`. */
export function imageOf({ shape, data }: Tensor<"uint8">, index: number): Tensor<"uint8"> {
  const each = shape.slice(1);
  const length = elementCount(each);
  return tensor("uint8", each, data.slice(index * length, (index + 1) * length));
}

/**
 * The first samples of an epoch's first batch, drawn as its training draws them: by the same seed, order and choice of
 * variations, none of which depends on how many samples are taken at once.
 *
 * @throws {RangeError} if the data set is empty
 */
export async function firstSamples(
  { run, configuration, recipes }: Pick<RecordedRun, "run" | "configuration" | "recipes">,
  dataset: Dataset,
  { count, epoch }: { readonly count: number; readonly epoch: number },
): Promise<ViewBatch> {
  const { seed, shuffleBuffer } = configuration;
  const loader = viewLoader(dataset, recipes, {
    batchSize: Math.max(1, Math.min(count, dataset.length)),
    seed,
    epoch,
    shuffleBuffer,
    prefetch: 0,
    variations: configuredVariations(configuration, recipes),
  });
  for await (const batch of loader) return batch;
  throw new GenviewRangeError(`Cannot show views of ${run}: its data must hold images, found none`);
}

/** Pictures of the views of a batch, photometry applied and normalisation undone; uint8 `[N,S,S,3]` of each view. */
export async function viewPictures(
  { views, indices }: ViewBatch,
  recipes: readonly ViewRecipe[],
  threads: number,
): Promise<Tensor<"uint8">[]> {
  using feed = await ViewFeed.create(recipes, indices.length, { device: CPU, threads });
  return await feed.pictures(views, indices.length);
}

/** Names a data set's images for pictures of them: what the configuration opens it by. */
export function dataKey({ configuration }: Pick<RecordedRun, "configuration">): string {
  const { data, variations, variationKey, missingVariation, seed } = configuration;
  const text = JSON.stringify([data, variations, variationKey, missingVariation, seed]);
  return createHash("sha256").update(text).digest("hex");
}

/**
 * Views of some samples of a run, exactly as its network gets them in an epoch, beside their originals.
 *
 * @throws {TypeError} if there is no such run, or its data may not be read
 * @throws {RangeError} if it has no such epoch
 */
export async function viewsOf(
  context: PictureContext,
  query: ViewsQuery,
  signal: AbortSignal,
): Promise<ViewsAnswer> {
  const { files, pictures, threads } = context;
  const run = await openRecordedRun(context, query.run);
  const epoch = await chosenEpoch(context, run, query.epoch);
  const name = `views ${run.folder} ${epoch} ${query.count}`;
  return await context.quickWork.run(name, signal, async (signal) => {
    const dataset = await files.openTraining(run.configuration);
    signal.throwIfAborted();
    const batch = await firstSamples(run, dataset, { count: query.count, epoch });
    signal.throwIfAborted();
    const drawn = await viewPictures(batch, run.recipes, threads);
    const data = dataKey(run);
    const viewCount = run.recipes.length;
    return {
      epoch,
      samples: await Promise.all(batch.indices.map(async (index, i) => {
        const { key, source, variations = [] } = dataset.sample(index);
        const of = batch.variationOfView.data.slice(i * viewCount, (i + 1) * viewCount);
        const views = await Promise.all(
          drawn.map(async (view) => pictures.keep(await encodeImage(imageOf(view, i)))),
        );
        return {
          key,
          original: pictures.add(`${data} ${epoch} ${index}`, () => thumbnail(source, { epoch })),
          views,
          generated: of.some((variation) => variation >= 0),
          variations: Array.from(of, (variation) => {
            const image = variations[variation];
            return image === undefined
              ? null
              : pictures.add(`${data} ${epoch} ${index} ${variation}`, () =>
                thumbnail(image, { epoch }));
          }),
        };
      })),
    };
  });
}
