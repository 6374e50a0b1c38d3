/**
 * How the batches of a run reach its step: all samples at once.
 *
 * @module
 */
import type { ViewBatch } from "../../data/loader/view_loader.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { type PairJudgement, PairWeighting } from "../step/pair_weighting.ts";
import type { StepDraw, StepResult } from "../step/step_inputs.ts";
import type { TrainingStep } from "../step/training_step.ts";
import { ViewFeed } from "../step/view_feed.ts";
import type { RunPlan } from "./run_plan.ts";
import type { TrainOptions } from "./train_options.ts";

/** A step, and what its batches need on their way into it. */
export interface StepFeed extends Disposable {
  /**
   * Takes a batch, and weights its pairs if pairs are weighted.
   *
   * @param shown pairs whose foreground maps are wanted
   */
  place(batch: ViewBatch, shown: number): Promise<PairJudgement | undefined>;
  /**
   * Takes one step on the batch that was placed last.
   *
   * @param scalars the learning rate and other scalars, by name
   * @param draw what permutations are drawn by
   */
  run(scalars: Readonly<Record<string, number>>, draw: StepDraw): Promise<StepResult>;
  /** The first images of a batch in each view, before normalisation; uint8 `[count,S,S,3]`. */
  pictures(batch: ViewBatch, count: number): Promise<Tensor<"uint8">[]>;
}

/** The feed of a step that takes all samples of a batch at once. */
export class WholeBatchFeed implements StepFeed {
  readonly #step: TrainingStep;
  readonly #owned: DisposableStack;
  readonly #feed: ViewFeed;
  readonly #weighting: PairWeighting | undefined;

  private constructor(
    step: TrainingStep,
    owned: DisposableStack,
    feed: ViewFeed,
    weighting: PairWeighting | undefined,
  ) {
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
    { pairEncoder, group }: Pick<TrainOptions, "pairEncoder" | "group">,
    { recipes, placement, rankBatchSize }: RunPlan,
    step: TrainingStep,
  ): Promise<WholeBatchFeed> {
    using owned = new DisposableStack();
    const feed = owned.use(await ViewFeed.create(recipes, rankBatchSize, placement));
    const weighting = pairEncoder === undefined ? undefined : owned.use(
      await PairWeighting.create(pairEncoder, {
        views: step.views,
        normalize: recipes.map(({ normalize }) => normalize),
        pairs: step.pairs,
        ...(group && { group }),
        ...placement,
      }),
    );
    return new WholeBatchFeed(step, owned.move(), feed, weighting);
  }

  /** Writes the views to the step, and the weights of the pairs. */
  async place({ views }: ViewBatch, shown: number): Promise<PairJudgement | undefined> {
    await this.#feed.write(views, this.#step.views);
    return await this.#weighting?.weigh(shown);
  }

  /** Takes the step. */
  run(scalars: Readonly<Record<string, number>>, draw: StepDraw): Promise<StepResult> {
    return this.#step.run(scalars, draw);
  }

  /** The first images of a batch in each view. */
  pictures({ views }: ViewBatch, count: number): Promise<Tensor<"uint8">[]> {
    return this.#feed.pictures(views, count);
  }

  /** Releases the graphs and the encoder. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
