/**
 * Small methods, whose steps by micro-batches are compared with steps of the whole batch.
 *
 * @module
 */
import type { Backbone } from "../../../../../core/backbones/backbone.ts";
import type { DataOf, DType } from "../../../../../core/engine/graph/dtype.ts";
import { currentTarget, withTarget } from "../../../../../core/engine/graph/target.ts";
import { type Tensor, tensor } from "../../../../../core/engine/graph/tensor.ts";
import { conv2d } from "../../../../../core/engine/nn/conv2d.ts";
import { layerNorm } from "../../../../../core/engine/nn/layer_norm.ts";
import { globalAveragePool } from "../../../../../core/engine/ops/global_average_pool.ts";
import { relu } from "../../../../../core/engine/ops/relu.ts";
import { sgd } from "../../../../../core/engine/optim/mod.ts";
import { CPU } from "../../../../../core/engine/ort/mod.ts";
import type { LoadedMethod } from "../../../../../core/method/load.ts";
import { buildAccumulatedGraph } from "../../../../../core/train/step/accumulation/accumulated_graph.ts";
import { buildRankGraph } from "../../../../../core/train/step/accumulation/rank_graph.ts";
import type { RankGroup } from "../../../../../core/engine/step/mod.ts";
import {
  AccumulatedStep,
  type WriteViews,
} from "../../../../../core/train/step/accumulation/accumulated_step.ts";
import { buildMethodGraph, type MethodGraph } from "../../../../../core/train/step/method_graph.ts";
import { initialWeights } from "../../../../../core/train/step/method_step.ts";
import {
  TrainingStep,
  type TrainingStepOptions,
} from "../../../../../core/train/step/training_step.ts";
import type { StepResult } from "../../../../../core/train/step/step_inputs.ts";
import { hashedTensor } from "../../../engine/nn/hashed_values.ts";
import { BATCH, SIZE, snapshot } from "../../small_methods.ts";

/** A convolution, a layer norm over the channels and the mean over the pixels: no sample sees another. */
export const perSampleBackbone: Backbone = {
  name: "per sample",
  width: 10,
  apply: (scope, images) => {
    const y = conv2d(scope, "conv1", images, { channels: 10, kernel: 3, padding: 1 });
    return layerNorm(scope, "norm", globalAveragePool(relu(y)));
  },
};

/** How a method is built and trained. */
export interface SmallRun {
  readonly method: LoadedMethod;
  readonly backbone: Backbone;
  readonly viewSizes?: readonly number[];
  readonly methodOptions?: Readonly<Record<string, unknown>>;
  readonly scalars: Readonly<Record<string, number>>;
  readonly options?: Partial<TrainingStepOptions>;
  readonly syncBatchNorm?: boolean;
  /** Which sample is at each place of a batch that one process takes; each at its own when left out. */
  readonly order?: readonly number[];
}

/** Tensors of a step as they were at some time. */
export interface SmallState {
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly slots: ReadonlyMap<string, Tensor>;
}

/** What some steps gave. */
export interface SmallOutcome extends SmallState {
  readonly results: readonly StepResult[];
  /** After the first step. */
  readonly first: SmallState;
}

function graphOptions(
  { backbone, viewSizes = [SIZE, SIZE], methodOptions = {}, syncBatchNorm = false }: SmallRun,
) {
  return { backbone, viewSizes, batchSize: BATCH, options: methodOptions, syncBatchNorm };
}

/** Takes some steps, and gives what they and the first of them led to. */
async function outcomeOf(
  step: Parameters<typeof stateOf>[0],
  steps: number,
  take: (taken: number) => Promise<StepResult>,
  before?: SmallOutcome,
): Promise<SmallOutcome> {
  const results = [...before?.results ?? []];
  let first = before?.first ?? stateOf(step);
  for (let taken = results.length; taken < steps; taken++) {
    results.push(await take(taken));
    if (taken === 0) first = stateOf(step);
  }
  return { results, first, ...stateOf(step) };
}

function stateOf({ weights, slots }: Pick<TrainingStep, "weights" | "slots">): SmallState {
  return { weights: snapshot(weights), slots: snapshot(slots) };
}

/** The rows of a batch in a run's order. */
function inOrder<D extends DType>(
  { order }: SmallRun,
  { dtype, shape, data }: Tensor<D>,
): Tensor<D> {
  if (order === undefined) return tensor(dtype, shape, data);
  const length = data.length / shape[0]!;
  const moved = data.slice() as DataOf<D>;
  order.forEach((row, place) =>
    (moved as Float32Array).set(
      data.subarray(row * length, (row + 1) * length) as Float32Array,
      place * length,
    )
  );
  return tensor(dtype, shape, moved);
}

/** The views of a step, `[N,3,S,S]` each: what the views of a sample share, and noise of their own. */
export function viewsOf(step: number, viewSizes: readonly number[]): Tensor<"float32">[] {
  return viewSizes.map((size, i) => {
    const shape = [BATCH, 3, size, size];
    const shared = hashedTensor(`${step}/shared`, shape).data;
    const own = hashedTensor(`${step}/${i}`, shape).data;
    return tensor("float32", shape, shared.map((value, at) => value + 0.25 * own[at]!));
  });
}

/** Writes rows of views that are there. */
export function writeRows(views: readonly Tensor<"float32">[]): WriteViews {
  return (places) => {
    for (const { view, rows, into } of places) {
      const { data, shape } = views[view]!;
      const length = data.length / shape[0]!;
      const chosen = new Float32Array(rows.length * length);
      rows.forEach((row, i) =>
        chosen.set(data.subarray(row * length, (row + 1) * length), i * length)
      );
      into.write(tensor("float32", into.type.shape, chosen));
    }
    return Promise.resolve();
  };
}

function pairWeights(step: number): Tensor<"float32"> {
  const data = Float32Array.from({ length: BATCH }, (_, i) => 0.5 + ((i + step) % BATCH) / 7);
  return tensor("float32", [BATCH], data);
}

const CHOSEN = { device: CPU, threads: 1, optimizer: sgd() };

/** Some steps of the whole batch at once. */
export async function plainSteps(run: SmallRun, steps: number): Promise<SmallOutcome> {
  const graph = buildMethodGraph(run.method, graphOptions(run));
  using step = await TrainingStep.create(
    graph,
    { ...CHOSEN, ...run.options },
    initialWeights(graph, 0),
  );
  return await outcomeOf(step, steps, async (taken) => {
    const views = viewsOf(taken, graphOptions(run).viewSizes);
    views.forEach((view, i) => step.views[i]!.write(inOrder(run, view)));
    step.pairWeights.write(inOrder(run, pairWeights(taken)));
    return await step.run({ ...run.scalars, step: taken, epoch: 0 }, { seed: 3, step: taken });
  });
}

/** The same by micro-batches, from the start or from where another run ended. */
export async function accumulatedSteps(
  run: SmallRun,
  deviceBatchSize: number,
  steps: number,
  before?: SmallOutcome,
): Promise<SmallOutcome> {
  const options = { ...graphOptions(run), deviceBatchSize };
  const weights = before?.weights ??
    initialWeights(buildMethodGraph(run.method, options) as MethodGraph, 0);
  using step = await AccumulatedStep.create(
    buildAccumulatedGraph(run.method, options),
    { ...CHOSEN, ...run.options },
    weights,
    before?.slots,
  );
  return await outcomeOf(step, steps, async (taken) => {
    step.pairWeights.write(inOrder(run, pairWeights(taken)));
    return await step.run(
      { ...run.scalars, step: taken, epoch: 0 },
      writeRows(viewsOf(taken, options.viewSizes).map((view) => inOrder(run, view))),
      { seed: 3, step: taken },
    );
  }, before);
}

/**
 * The same by several processes, each of which has rows of its own of the views and of the weights of their pairs.
 *
 * @param group they, of which this is the one of that rank
 * @param deviceBatchSize samples of a micro-batch; all of the process's rows when left out
 */
export async function rankSteps(
  run: SmallRun,
  { rank, ...group }: RankGroup & { readonly rank: number },
  steps: number,
  deviceBatchSize?: number,
): Promise<SmallOutcome> {
  const options = graphOptions(run);
  const { viewSizes } = options;
  const target = { ...currentTarget(), ranks: group.size };
  const weights = initialWeights(buildMethodGraph(run.method, options), 0);
  const own = BATCH / group.size;
  const rows = <D extends DType>({ dtype, shape, data }: Tensor<D>): Tensor<D> => {
    const length = data.length / group.size;
    const part = data.slice(rank * length, (rank + 1) * length) as DataOf<D>;
    return tensor(dtype, [own, ...shape.slice(1)], part);
  };
  const chosen = { ...CHOSEN, ...run.options, group };
  using owned = new DisposableStack();
  const step = deviceBatchSize === undefined
    ? owned.use(
      await TrainingStep.create(
        withTarget(target, () => buildRankGraph(run.method, options)),
        chosen,
        weights,
      ),
    )
    : owned.use(
      await AccumulatedStep.create(
        withTarget(
          target,
          () => buildAccumulatedGraph(run.method, { ...options, deviceBatchSize }),
        ),
        chosen,
        weights,
      ),
    );
  return await outcomeOf(step, steps, async (taken) => {
    const scalars = { ...run.scalars, step: taken, epoch: 0 };
    const draw = { seed: 3, step: taken };
    const views = viewsOf(taken, viewSizes).map(rows);
    step.pairWeights.write(rows(pairWeights(taken)));
    if (step instanceof AccumulatedStep) return await step.run(scalars, writeRows(views), draw);
    views.forEach((view, i) => step.views[i]!.write(view));
    return await step.run(scalars, draw);
  });
}
