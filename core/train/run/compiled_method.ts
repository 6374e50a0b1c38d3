/**
 * A run's method, compiled, with its state on the device.
 *
 * @module
 */
import { rankGroup } from "../../distributed/mod.ts";
import type { LossRange } from "../../method/manifest.ts";
import { openCompiler } from "../compile/method_compiler.ts";
import { AccumulatedStep } from "../step/accumulation/accumulated_step.ts";
import { unusedInputs } from "../step/method_inputs.ts";
import { TrainingStep } from "../step/training_step.ts";
import { checkScheduled } from "./check_scheduled.ts";
import { checkDevicePrecision, checkPrecision, convolutionsIn } from "./run_precision.ts";
import type { RunOrigin } from "./run_origin.ts";
import type { RunRanks } from "./run_ranks.ts";
import { shareState } from "./rank_state.ts";
import type { RunPlan } from "./run_plan.ts";
import { checkSameKind, type RunTuning, runTuning } from "./run_tuning.ts";
import { startingWeights } from "./starting_weights.ts";
import type { TrainOptions } from "./train_options.ts";

/** A method's training step, and what is known of the graph that it was compiled from. */
export interface CompiledMethod {
  readonly step: TrainingStep | AccumulatedStep;
  /** Formulations of the convolutions. */
  readonly tuning: RunTuning;
  /** Trained parameters. */
  readonly parameters: number;
  /** Coordinates of the embeddings whose spread is watched. */
  readonly embeddingWidth: number;
  /** What the loss is expected to be, where that is known. */
  readonly lossRange?: LossRange;
  /** Sentences on what the method ignores of its configuration. */
  readonly warnings: readonly string[];
}

/**
 * Compiles a run's step, and restores its state or draws an initial one.
 *
 * @param origin the checkpoint whose state is restored, or the weights that the backbone starts with; of several
 * processes, those of the first, which it sends to the others
 * @throws {TypeError} if the configuration does not fit the method or the checkpoint, or processes compute on several kinds
 * of device
 */
export async function compileMethod(
  options: TrainOptions,
  plan: RunPlan,
  { checkpoint, from, fromHeads }: Pick<RunOrigin, "checkpoint" | "from" | "fromHeads">,
  ranks: RunRanks,
): Promise<CompiledMethod> {
  const { configuration, pairEncoder } = options;
  const { recipes, placement, precision } = plan;
  await checkDevicePrecision(precision, placement.device);
  await using compiler = openCompiler(options.method, options.limits);
  const request = {
    configuration,
    viewSizes: recipes.map(({ size }) => size),
    tuning: {},
    ranks: ranks.size,
    precision,
  };
  // Symbolic, and so without cost: it is checked before hours may go into tuning it.
  const facts = await compiler.inspect(request);
  const precisionWarnings = checkPrecision(precision, placement.device, facts.convolutions);
  const { parameters, embeddingWidth, lossRange = options.method.manifest.lossRange } = facts;
  const warnings = [
    ...precisionWarnings,
    ...checkScheduled(facts, configuration),
    ...unusedInputs(facts, pairEncoder !== undefined),
  ];
  await checkSameKind(ranks, placement);
  const tuning = await ranks.fromLeader(() =>
    runTuning(
      options,
      placement,
      convolutionsIn(precision, facts.convolutions),
      checkpoint?.state.tuning,
    )
  );
  const tuned = { ...request, tuning };
  const stateOf = async () =>
    checkpoint?.model ??
      await startingWeights(await compiler.weights(tuned), plan, {
        ...options,
        from,
        ...(fromHeads !== undefined && { fromHeads }),
      });
  const compiled = await compiler.step(tuned);
  const model = stateOf();
  const optimizer = checkpoint?.optimizer;
  const { group } = ranks;
  const placed = { ...placement, ...(group && { group: rankGroup(group) }) };
  // Initial values are drawn by the compiler while the models are loaded here.
  const step = compiled.kind === "accumulated"
    ? await AccumulatedStep.bind(compiled, placed, await model, optimizer)
    : await TrainingStep.bind(
      compiled,
      { ...placed, cudaGraphs: configuration.cudaGraphs },
      model,
      optimizer,
    );
  if (group !== undefined) await shareState(group, step);
  return {
    step,
    tuning,
    parameters,
    embeddingWidth,
    ...(lossRange !== undefined && { lossRange }),
    warnings: [...step.warnings, ...warnings],
  };
}
