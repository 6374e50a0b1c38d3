/**
 * How the batches of a run reach a step that takes some of their samples at once.
 *
 * @module
 */
import { viewRows } from "../../data/loader/view_rows.ts";
import type { ViewBatch } from "../../data/loader/view_loader.ts";
import { allocate } from "../../engine/graph/dtype.ts";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import { DeviceTensor } from "../../engine/ort/mod.ts";
import type { AccumulatedStep, ViewRows } from "../step/accumulation/accumulated_step.ts";
import {
  type PairJudgement,
  type PairSimilarities,
  PairWeighting,
} from "../step/pair_weighting.ts";
import type { StepDraw, StepResult } from "../step/step_inputs.ts";
import { ViewFeed } from "../step/view_feed.ts";
import type { RunPlan } from "./run_plan.ts";
import type { StepFeed } from "./step_feed.ts";
import type { TrainOptions } from "./train_options.ts";

/** The encoder that weights pairs, and the views that it compares. */
interface MicroWeighting {
  readonly weighting: PairWeighting;
  /** Views of a micro-batch by their indices, `[M,3,S,S]`. */
  readonly views: ReadonlyMap<number, DeviceTensor<"float32">>;
}

/** Tensors `[n, ...]` one after the other. */
function joined<D extends "float32" | "uint8">(parts: readonly Tensor<D>[]): Tensor<D> {
  const [{ dtype, shape: [, ...inner] }] = parts as [Tensor<D>];
  const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const data = allocate(dtype, parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    (data as Uint8Array).set(part.data as Uint8Array, at);
    at += part.data.length;
  }
  return tensor(dtype, [rows, ...inner], data);
}

function joinedJudgements(parts: readonly PairJudgement[]): PairJudgement {
  const values = (pair: number, name: keyof PairSimilarities) =>
    Float32Array.from(parts.flatMap(({ pairs }) => [...pairs[pair]![name]]));
  const [{ pairs }] = parts as [PairJudgement];
  const [first, ...others] = pairs.map(({ views }, pair) => ({
    views,
    foreground: values(pair, "foreground"),
    background: values(pair, "background"),
    weights: values(pair, "weights"),
  }));
  return {
    pairs: [first!, ...others],
    maps: [joined(parts.map(({ maps }) => maps[0])), joined(parts.map(({ maps }) => maps[1]))],
  };
}

/**
 * The feed of a step that takes a batch by micro-batches. The views are kept as they were loaded, 1 byte for a colour,
 * and become what networks take when their micro-batch is due. Weights of pairs have mean 1 in each micro-batch, as
 * they have on each device of GenView's runs.
 */
export class MicroBatchFeed implements StepFeed {
  readonly #step: AccumulatedStep;
  readonly #owned: DisposableStack;
  readonly #feed: ViewFeed;
  readonly #weighting: MicroWeighting | undefined;
  #batch: ViewBatch | undefined;

  private constructor(
    step: AccumulatedStep,
    owned: DisposableStack,
    feed: ViewFeed,
    weighting: MicroWeighting | undefined,
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
    { pairEncoder }: Pick<TrainOptions, "pairEncoder">,
    { recipes, placement }: RunPlan,
    step: AccumulatedStep,
  ): Promise<MicroBatchFeed> {
    const { deviceBatchSize } = step;
    using owned = new DisposableStack();
    const feed = owned.use(await ViewFeed.create(recipes, deviceBatchSize, placement));
    if (pairEncoder === undefined) return new MicroBatchFeed(step, owned.move(), feed, undefined);
    const empty = (...shape: number[]) =>
      owned.use(DeviceTensor.empty({ dtype: "float32", shape }, placement.device));
    const compared = new Set(step.pairs.flatMap((pair) => pair.views));
    const views = new Map(Array.from(compared, (view) => {
      const { size } = recipes[view]!;
      return [view, empty(deviceBatchSize, 3, size, size)];
    }));
    const weighting = owned.use(
      await PairWeighting.create(pairEncoder, {
        views: recipes.map((_, view) => views.get(view)),
        normalize: recipes.map(({ normalize }) => normalize),
        pairs: step.pairs.map((pair) => ({ ...pair, weights: empty(deviceBatchSize) })),
        ...placement,
      }),
    );
    return new MicroBatchFeed(step, owned.move(), feed, { weighting, views });
  }

  /** Places of the samples of each micro-batch. */
  #microBatches({ indices: { length } }: ViewBatch): number[][] {
    const size = this.#step.deviceBatchSize;
    return Array.from(
      { length: length / size },
      (_, microBatch) => Array.from({ length: size }, (_, i) => microBatch * size + i),
    );
  }

  /** Keeps the batch, and writes the weights of its pairs. */
  async place(batch: ViewBatch, shown: number): Promise<PairJudgement | undefined> {
    this.#batch = batch;
    if (this.#weighting === undefined) return undefined;
    const { weighting, views } = this.#weighting;
    const parts: PairJudgement[] = [];
    for (const rows of this.#microBatches(batch)) {
      await this.#write(batch, Array.from(views, ([view, into]) => ({ view, rows, into })));
      parts.push(await weighting.weigh(Math.min(rows.length, Math.max(0, shown - rows[0]!))));
    }
    const judgement = joinedJudgements(parts);
    this.#step.pairs.forEach((pair, i) => {
      const { weights } = judgement.pairs[i]!;
      pair.weights.write(tensor("float32", [weights.length], Float32Array.from(weights)));
    });
    return judgement;
  }

  async #write(batch: ViewBatch, views: readonly ViewRows[]): Promise<void> {
    for (const { view, rows, into } of views) {
      await this.#feed.writeView(view, viewRows(batch.views[view]!, rows), into);
    }
  }

  /** Takes the step. */
  run(scalars: Readonly<Record<string, number>>, draw: StepDraw): Promise<StepResult> {
    const batch = this.#batch;
    if (batch === undefined) throw new Error("Internal: a step is taken before a batch is placed");
    return this.#step.run(scalars, (views) => this.#write(batch, views), draw);
  }

  /** The first images of a batch in each view. */
  async pictures(batch: ViewBatch, count: number): Promise<Tensor<"uint8">[]> {
    const parts: Tensor<"uint8">[][] = [];
    for (const rows of this.#microBatches(batch)) {
      const shown = Math.min(rows.length, count - rows[0]!);
      if (shown <= 0) break;
      const views = batch.views.map((view) => viewRows(view, rows));
      parts.push(await this.#feed.pictures(views, shown));
    }
    return batch.views.map((_, view) => joined(parts.map((part) => part[view]!)));
  }

  /** Releases the graphs and the encoder. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
