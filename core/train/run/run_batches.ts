/**
 * The data of a run: its batches, as the step's inputs take them.
 *
 * @module
 */
import { type ViewBatch, viewLoader } from "../../data/loader/view_loader.ts";
import type { Loader } from "../../data/loader/options.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { type PairJudgement, PairWeighting, summarizeJudgement } from "../step/pair_weighting.ts";
import type { TrainingStep } from "../step/training_step.ts";
import { ViewFeed } from "../step/view_feed.ts";
import { configuredVariations, generatedShare } from "./generated_views.ts";
import type { RunPlan } from "./run_plan.ts";
import type { TrainOptions } from "./train_options.ts";

/** What is known of a batch that was placed. */
export interface PlacedBatch {
  /** Scalars to log, by name. */
  readonly metrics: Readonly<Record<string, number>>;
  /** How its pairs were judged, where they are weighted. */
  readonly judgement?: PairJudgement;
}

/** Loads a run's batches and writes them to the inputs of its step. */
export class RunBatches implements Disposable {
  readonly #options: TrainOptions;
  readonly #plan: RunPlan;
  readonly #step: TrainingStep;
  readonly #owned: DisposableStack;
  readonly #feed: ViewFeed;
  readonly #weighting: PairWeighting | undefined;
  readonly #unreadable = new Map<string, string>();

  private constructor(
    options: TrainOptions,
    plan: RunPlan,
    step: TrainingStep,
    owned: DisposableStack,
    feed: ViewFeed,
    weighting: PairWeighting | undefined,
  ) {
    this.#options = options;
    this.#plan = plan;
    this.#step = step;
    this.#owned = owned;
    this.#feed = feed;
    this.#weighting = weighting;
  }

  /**
   * Loads the photometric graphs, and the encoder that weights pairs if there is one.
   *
   * @throws {RangeError} if the encoder's component does not fit it, or there are no two views
   */
  static async create(
    options: TrainOptions,
    plan: RunPlan,
    step: TrainingStep,
  ): Promise<RunBatches> {
    const { recipes, placement } = plan;
    using owned = new DisposableStack();
    const feed = owned.use(
      await ViewFeed.create(recipes, options.configuration.batchSize, placement),
    );
    const weighting = options.pairEncoder === undefined ? undefined : owned.use(
      await PairWeighting.create(options.pairEncoder, {
        views: step.views,
        normalize: recipes.map(({ normalize }) => normalize),
        pairWeights: step.pairWeights,
        ...placement,
      }),
    );
    return new RunBatches(options, plan, step, owned.move(), feed, weighting);
  }

  /**
   * The batches of an epoch.
   *
   * @param startBatch batches of it that were taken before
   */
  open(epoch: number, startBatch: number): Loader<ViewBatch> {
    const { configuration, dataset, report } = this.#options;
    const { batchSize, seed, loaders, strict } = configuration;
    const { recipes } = this.#plan;
    return viewLoader(dataset, recipes, {
      batchSize,
      seed,
      epoch,
      strict,
      workers: loaders - 1,
      variations: configuredVariations(configuration, recipes),
      startBatch,
      unreadable: this.#unreadable,
      onWarning: (message) => report?.({ kind: "warning", message }),
    });
  }

  /**
   * Writes a batch's views to the step, and the weights of its pairs if they are weighted.
   *
   * @param shown pairs whose foreground maps are wanted
   */
  async place(batch: ViewBatch, shown: number): Promise<PlacedBatch> {
    await this.#feed.write(batch.views, this.#step.views);
    const judgement = await this.#weighting?.weigh(shown);
    const varied = this.#options.dataset.coverage && { generatedViews: generatedShare(batch) };
    return {
      metrics: { ...varied, ...(judgement && summarizeJudgement(judgement)) },
      ...(judgement && { judgement }),
    };
  }

  /** The first images of a batch in each view, as the network sees them before normalisation; uint8 `[count,S,S,3]`. */
  pictures(batch: ViewBatch, count: number): Promise<Tensor<"uint8">[]> {
    return this.#feed.pictures(batch.views, Math.min(count, batch.indices.length));
  }

  /** Releases the sessions. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
