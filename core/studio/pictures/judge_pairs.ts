/**
 * The pairs of a run's first batch of an epoch, judged as its training judges them.
 *
 * @module
 */
import { ViewFeed } from "../../train/step/view_feed.ts";
import { CPU, DeviceTensor } from "../../engine/ort/mod.ts";
import { GenviewNotFound, GenviewRangeError } from "../../errors/mod.ts";
import { configuredPairEncoder } from "../../train/run/pair_encoder.ts";
import type { JudgedPairs } from "../../train/run/train_event.ts";
import { PairWeighting } from "../../train/step/pair_weighting.ts";
import { realPathOf } from "../confined_files.ts";
import type { PictureContext } from "./picture_context.ts";
import type { RecordedRun } from "./recorded_run.ts";
import { firstSamples } from "./views.ts";

/** Bytes of the views of a batch, at most, that are judged here. */
const MOST_BYTES = 2 * 2 ** 30;

/** Names of frozen networks that come with the library, and lie nowhere that a run could choose. */
const NAMED = /^[A-Za-z0-9][\w.-]*$/;

/** The encoder's network and component as they are opened, where they may be read. */
async function readable(
  { files }: PictureContext,
  { run, configuration }: RecordedRun,
): Promise<RecordedRun["configuration"]> {
  const { qualityEncoder, qualityComponent } = configuration;
  if (qualityEncoder === "") {
    throw new GenviewNotFound(
      `Cannot show pairs of ${run}: it weighs none; train with --quality-encoder to have pairs weighted`,
    );
  }
  const isName = NAMED.test(qualityEncoder) && await realPathOf(qualityEncoder) === undefined;
  return {
    ...configuration,
    qualityEncoder: isName ? qualityEncoder : await files.path(qualityEncoder),
    qualityComponent: await files.path(qualityComponent),
  };
}

/** Refuses runs whose pairs cannot be judged from their configuration alone, or only with much memory. */
function checkJudged({ run, recipes, configuration: { batchSize } }: RecordedRun): void {
  if (recipes.length !== 2) {
    throw new GenviewNotFound(
      `Cannot show pairs of ${run}: it has recorded none, and of ${recipes.length} views only its training knows which are ` +
        "pairs; train with --vis to have them recorded",
    );
  }
  const bytes = recipes.reduce((sum, { size }) => sum + 4 * 3 * size ** 2 * batchSize, 0);
  if (bytes <= MOST_BYTES) return;
  throw new GenviewRangeError(
    `Cannot judge the pairs of ${run}: a batch of its views takes ${bytes} bytes, of at most ${MOST_BYTES}; train with --vis ` +
      "to have pairs recorded",
  );
}

/**
 * Judges all pairs of the first batch of an epoch, on the processor.
 *
 * @throws {TypeError} if images or networks are not at hand, or may not be read
 * @throws {Deno.errors.NotFound} if the run weighs no pairs, or has other views than two
 * @throws {RangeError} if a batch takes too much memory
 */
export async function judgePairs(
  context: PictureContext,
  run: RecordedRun,
  epoch: number,
  signal: AbortSignal,
): Promise<JudgedPairs> {
  const configuration = await readable(context, run);
  checkJudged(run);
  const dataset = await context.files.openTraining(configuration);
  signal.throwIfAborted();
  const { recipes } = run;
  const batch = await firstSamples(run, dataset, { count: configuration.batchSize, epoch });
  const count = batch.indices.length;
  const encoder = (await configuredPairEncoder(configuration))!;
  signal.throwIfAborted();
  using owned = new DisposableStack();
  const placement = { device: CPU, threads: context.threads };
  const empty = (shape: readonly number[]) =>
    owned.use(DeviceTensor.empty({ dtype: "float32", shape }));
  const views = recipes.map(({ size }) => empty([count, 3, size, size]));
  const weighting = owned.use(
    await PairWeighting.create(encoder, {
      ...placement,
      views,
      normalize: recipes.map(({ normalize }) => normalize),
      pairs: [{ views: [0, 1], weights: empty([count]) }],
    }),
  );
  const feed = owned.use(await ViewFeed.create(recipes, count, placement));
  await feed.write(batch.views, views);
  signal.throwIfAborted();
  const { pairs: [{ views: _views, ...similarities }], maps } = await weighting.weigh(count);
  signal.throwIfAborted();
  const [first, second] = await feed.pictures(batch.views, count);
  return {
    ...similarities,
    maps,
    epoch,
    pictures: [first!, second!],
    grid: encoder.network.grid,
  };
}
