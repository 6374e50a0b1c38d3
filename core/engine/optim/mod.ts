/**
 * Optimizers as graphs: parameters, state and moving averages, updated in place on a device; and on the host what
 * changes from step to step. May import the operators and what they stand on, but no runtime.
 *
 * @module
 */
export { adamW, type AdamWOptions } from "./adamw.ts";
export { buildUpdate, type Slot, type UpdateGraph, type UpdateOptions } from "./build_update.ts";
export { type ClipUnit, jointNorm } from "./gradient_scale.ts";
export { inPlaceHazards, type InPlaceUpdate } from "./in_place.ts";
export { lars, type LarsOptions, type LarsVariant } from "./lars.ts";
export {
  initialLossScale,
  type LossScale,
  type LossScaleOptions,
  lossScaleScalars,
  nextLossScale,
} from "./loss_scale.ts";
export { movingAverage } from "./moving_average.ts";
export type { Optimizer, ParameterUpdate, UpdatedParameter } from "./optimizer.ts";
export type { ExponentialMovingAverage } from "./average_updates.ts";
export { type Pack, type PackedTensor, pieceLengthFor } from "./pack.ts";
export { groupParameters, type ParameterGroups, type ParameterRule } from "./parameter_groups.ts";
export type { RunningBuffer, RunningStatistics } from "./running_buffers.ts";
export { type ScalarSchedule, scalarSchedule, type ScalarScheduleKind } from "./scalar_schedule.ts";
export { scaledLearningRate } from "./scaled_learning_rate.ts";
export {
  type Granularity,
  type RunLength,
  schedule,
  type ScheduleDescription,
  type WarmUp,
} from "./schedule.ts";
export {
  ENCODER_MOMENTUM,
  EPOCH,
  frozenName,
  gradientName,
  INVERSE_LOSS_SCALE,
  inversePermutationName,
  keptName,
  LOSS_SCALE,
  metricName,
  nextName,
  OWN_SCALED_GRADIENT_NORM,
  pairWeightsName,
  permutationName,
  SCALED_GRADIENT_NORM,
  scheduledName,
  STEP,
  viewName,
  writtenName,
} from "./step_names.ts";
export { sgd, type SgdOptions } from "./sgd.ts";
