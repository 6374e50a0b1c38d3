/**
 * A run's method, compiled, with its state on the device.
 *
 * @module
 */
import { withTarget } from "../../engine/graph/target.ts";
import { buildMethodGraph, countParameters } from "../step/method_graph.ts";
import { unusedInputs } from "../step/method_inputs.ts";
import { TrainingStep } from "../step/training_step.ts";
import { checkScheduled } from "./check_scheduled.ts";
import type { RunOrigin } from "./run_origin.ts";
import type { RunPlan } from "./run_plan.ts";
import { optimizerOf } from "./run_schedules.ts";
import { type RunTuning, runTuning } from "./run_tuning.ts";
import { startingWeights } from "./starting_weights.ts";
import type { TrainOptions } from "./train_options.ts";

/** A method's training step, and what is known of the graph that it was compiled from. */
export interface CompiledMethod {
  readonly step: TrainingStep;
  /** Formulations of the convolutions. */
  readonly tuning: RunTuning;
  /** Trained parameters. */
  readonly parameters: number;
  /** Coordinates of the embeddings whose spread is watched. */
  readonly embeddingWidth: number;
  /** Sentences on what the method ignores of its configuration. */
  readonly warnings: readonly string[];
}

/**
 * Compiles a run's step, and restores its state or draws an initial one.
 *
 * @param origin the checkpoint whose state is restored, or the weights that the backbone starts with
 * @throws {TypeError} if the configuration does not fit the method or the checkpoint
 */
export async function compileMethod(
  options: TrainOptions,
  plan: RunPlan,
  { checkpoint, from }: Pick<RunOrigin, "checkpoint" | "from">,
): Promise<CompiledMethod> {
  const { method, configuration } = options;
  const { backbone, recipes, placement } = plan;
  const { batchSize, clipGradientNorm, clipGradientPer, parameterRules: rules } = configuration;
  const build = () =>
    buildMethodGraph(method, {
      backbone,
      viewSizes: recipes.map(({ size }) => size),
      batchSize,
      options: configuration.options,
    });
  // Symbolic, and so without cost: it is checked before hours may go into tuning it.
  const symbolic = build();
  const warnings = [
    ...checkScheduled(symbolic, configuration),
    ...unusedInputs(symbolic, options.pairEncoder !== undefined),
  ];
  const tuning = await runTuning(options, placement, build, checkpoint?.state.tuning);
  const graph = withTarget(tuning, build);
  const step = await TrainingStep.create(
    graph,
    {
      ...placement,
      optimizer: optimizerOf(configuration),
      rules,
      ...(clipGradientNorm > 0 && { clipGradientNorm, clipGradientPer }),
    },
    checkpoint?.model ?? await startingWeights(graph, plan, { ...options, from }),
    checkpoint?.optimizer,
  );
  return {
    step,
    tuning,
    parameters: countParameters(graph),
    embeddingWidth: graph.embeddings.shape[1]!,
    warnings: [...step.warnings, ...warnings],
  };
}
