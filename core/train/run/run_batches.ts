/**
 * The data of a run: its batches, as the step's inputs take them.
 *
 * @module
 */
import { type ViewBatch, viewLoader } from "../../data/loader/view_loader.ts";
import type { Loader } from "../../data/loader/options.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { AccumulatedStep } from "../step/accumulation/accumulated_step.ts";
import { LARGEST_WEIGHT, type PairJudgement, summarizeJudgement } from "../step/pair_weighting.ts";
import type { StepDraw, StepResult } from "../step/step_inputs.ts";
import type { TrainingStep } from "../step/training_step.ts";
import { configuredVariations, generatedShare } from "./generated_views.ts";
import { MicroBatchFeed } from "./micro_batch_feed.ts";
import type { RunPlan } from "./run_plan.ts";
import { RunRanks } from "./run_ranks.ts";
import { type StepFeed, WholeBatchFeed } from "./step_feed.ts";
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
  readonly #feed: StepFeed;
  readonly #ranks: RunRanks;
  readonly #unreadable = new Map<string, string>();

  private constructor(options: TrainOptions, plan: RunPlan, feed: StepFeed) {
    this.#options = options;
    this.#plan = plan;
    this.#feed = feed;
    this.#ranks = new RunRanks(options.group);
  }

  /**
   * Loads the photometric graphs, and the encoder that weights pairs if there is one.
   *
   * @throws {RangeError} if the encoder's component does not fit it, or there are no two views
   */
  static async create(
    options: TrainOptions,
    plan: RunPlan,
    step: TrainingStep | AccumulatedStep,
  ): Promise<RunBatches> {
    const feed = step instanceof AccumulatedStep
      ? await MicroBatchFeed.create(options, plan, step)
      : await WholeBatchFeed.create(options, plan, step);
    return new RunBatches(options, plan, feed);
  }

  /**
   * The batches of an epoch: of several processes, this one's part of each.
   *
   * @param startBatch batches of it that were taken before
   */
  open(epoch: number, startBatch: number): Loader<ViewBatch> {
    const { configuration, dataset, report } = this.#options;
    const { seed, loaders, strict, shuffleBuffer } = configuration;
    const { recipes, rankBatchSize } = this.#plan;
    return viewLoader(dataset, recipes, {
      batchSize: rankBatchSize,
      shard: { index: this.#ranks.rank, count: this.#ranks.size },
      seed,
      epoch,
      strict,
      shuffleBuffer,
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
    const judgement = await this.#feed.place(batch, shown);
    const varied = this.#options.dataset.coverage && { generatedViews: generatedShare(batch) };
    const own = { ...varied, ...(judgement && summarizeJudgement(judgement)) };
    return {
      metrics: await this.#ranks.combined(own, (name) => name === LARGEST_WEIGHT),
      ...(judgement && { judgement }),
    };
  }

  /**
   * Takes one step on the batch that was placed last.
   *
   * @param scalars the learning rate and other scalars, by name
   * @param draw what permutations are drawn by
   */
  run(scalars: Readonly<Record<string, number>>, draw: StepDraw): Promise<StepResult> {
    return this.#feed.run(scalars, draw);
  }

  /** The first images of a batch in each view, as the network sees them before normalisation; uint8 `[count,S,S,3]`. */
  pictures(batch: ViewBatch, count: number): Promise<Tensor<"uint8">[]> {
    return this.#feed.pictures(batch, Math.min(count, batch.indices.length));
  }

  /** Releases the sessions. */
  [Symbol.dispose](): void {
    this.#feed[Symbol.dispose]();
  }
}
