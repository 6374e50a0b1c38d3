/**
 * Training: a method applied to a backbone, compiled into two graphs, run over a data set, logged and saved.
 *
 * {@linkcode pretrain} opens everything by name and trains or resumes; {@linkcode train} takes a method, a configuration
 * and a data set that were opened before; {@linkcode TrainingStep} and {@linkcode ViewFeed} are for custom training loops.
 * {@linkcode openRun} gives what a run has trained, {@linkcode evaluateRun} its scores.
 *
 * @module
 */
export type { CompileLimits } from "./compile/compile_limits.ts";
export type { CompileRequest } from "./compile/compile_request.ts";
export { type MethodCompiler, openCompiler } from "./compile/method_compiler.ts";
export { type StepCost, stepCosts } from "./cost/step_cost.ts";
export { type EncoderMemory, encoderMemory } from "./memory/encoder_memory.ts";
export { type EvaluationMemory, evaluationMemory } from "./memory/evaluation_memory.ts";
export { type RunMemory, runMemory, type RunMemoryParts } from "./memory/run_memory.ts";
export { type ModelSize, type StepMemory, stepMemory } from "./memory/step_memory.ts";
export {
  type DryRun,
  dryRun,
  type DryRunOptions,
  type PlannedRank,
  type PlannedRanks,
} from "./run/dry_run.ts";
export type { StepTraffic } from "./cost/step_traffic.ts";
export type { KnownNames, NamedRun } from "./run/resolve_run.ts";
export { type CheckedPreset, checkPresets } from "./run/check_presets.ts";
export {
  type EvaluatedWeights,
  type EvaluateEvent,
  evaluateNetwork,
  type EvaluateNetworkOptions,
  type NetworkEvaluation,
} from "./run/evaluate_network.ts";
export { evaluateCheckpoint, type EvaluateCheckpointOptions } from "./run/evaluate_checkpoint.ts";
export { evaluateRun, type EvaluateRunOptions } from "./run/evaluate_run.ts";
export type { EvaluationSetsOptions } from "./run/evaluation_data.ts";
export { fitBatch, type FittedBatch } from "./run/fit_batch.ts";
export { untrainedWeights } from "./run/untrained_weights.ts";
export { type OpenedRun, openRun } from "./run/open_run.ts";
export type { ConfigurationChange } from "./run/check_resumable.ts";
export { readDescription, type RunDescription } from "./run/run_description.ts";
export type { UsedInputs } from "./step/method_inputs.ts";
export {
  type AccumulatedGraph,
  type AccumulatedGraphOptions,
  buildAccumulatedGraph,
  type MicroView,
} from "./step/accumulation/accumulated_graph.ts";
export {
  type AccumulatedMethodStep,
  AccumulatedStep,
  buildAccumulatedStep,
  type ViewRows,
  type WriteViews,
} from "./step/accumulation/accumulated_step.ts";
export {
  type BuiltAccumulation,
  type BuiltCut,
  type BuiltMicroView,
} from "./step/accumulation/build_accumulation.ts";
export type { Application, ShuffledView } from "./step/accumulation/cuts.ts";
export type { PartGraphs } from "./step/accumulation/parts.ts";
export { buildRankGraph } from "./step/accumulation/rank_graph.ts";
export type { Counterparts } from "./step/accumulation/sample_rows.ts";
export type { Windows } from "../engine/ops/_windows.ts";
export type { ConvAttributes, ConvProblem } from "../engine/ops/convolution/problem.ts";
export type { MethodFacts } from "./step/method_facts.ts";
export { embeddingSpread, uniformSpread } from "./step/embedding_spread.ts";
export { type ContextInputs, type SharedInputs, type WeightedPair } from "./step/context_inputs.ts";
export { followedBy, MOMENTUM_ENCODER, movingAverages } from "./step/momentum_encoder.ts";
export { drawPermutation, type PermutationInputs } from "./step/permutation.ts";
export {
  type AppliedMethod,
  buildMethodGraph,
  type MethodGraph,
  type MethodGraphOptions,
} from "./step/method_graph.ts";
export { parseStart, type RunStart, START_FILE } from "./run/run_start.ts";
export {
  checkFinite,
  COLLAPSE_REMEDIES,
  COLLAPSED_SHARE,
  COLLAPSED_STEPS,
  type FiniteStep,
  type GuardedStep,
  NOT_FINITE_REMEDIES,
  RunGuard,
  TrainingError,
} from "./run/run_guard.ts";
export { optimizerOf, runSchedules } from "./run/run_schedules.ts";
export {
  type JudgedViews,
  type PairEncoder,
  type PairJudgement,
  type PairSimilarities,
  PairWeighting,
  type ViewPair,
  type WeighedStep,
} from "./step/pair_weighting.ts";
export { configuredPairEncoder } from "./run/pair_encoder.ts";
export { drawPairs, drawViews } from "./run/pairs_picture.ts";
export { pretrain, type PretrainContext, type PretrainOptions } from "./run/pretrain.ts";
export { configuredBackbone } from "./run/run_plan.ts";
export { readRunLogs, type RunLogs } from "./log/run_logs.ts";
export { type TimedSteps, timeSteps } from "./run/time_steps.ts";
export { train } from "./run/train.ts";
export type { JointRanks, JudgedPairs, TrainEvent } from "./run/train_event.ts";
export type { RankPlace } from "./run/run_ranks.ts";
export type { RunView, TrainOptions, TrainResult } from "./run/train_options.ts";
export {
  buildMethodStep,
  initialWeights,
  type MethodStep,
  type MethodStepNames,
  type MethodStepOptions,
  type StepGraph,
} from "./step/method_step.ts";
export type { PairInput, StepDraw, StepResult } from "./step/step_inputs.ts";
export { TrainingStep, type TrainingStepOptions } from "./step/training_step.ts";
export { ViewFeed } from "./step/view_feed.ts";
