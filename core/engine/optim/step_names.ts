/**
 * The names by which the two graphs of a training step and what drives them know each other's tensors. A tensor that
 * lasts from step to step has its own name, such as `backbone.conv1.weight`; what concerns it has a prefix.
 *
 * @module
 */

/** Gradient of the loss by a parameter: made by the first graph, read by the second. */
export const gradientName = (parameter: string): string => `gradient.${parameter}`;

/** Gradient by a parameter of the micro-batches before this one: read by the first graph. */
export const accumulatedName = (parameter: string): string => `accumulated.${parameter}`;

/** Whether there are micro-batches before this one, 1 or 0: read by the first graph. */
export const ACCUMULATES = "accumulates";

/** What the forward pass wrote to a buffer: made by the first graph, taken over by the second. */
export const writtenName = (buffer: string): string => `written.${buffer}`;

/** What a running average is moved by, counted from 0 where a layer is applied several times: made by the first graph. */
export const statisticsName = (buffer: string, index: number): string =>
  `statistics.${index}.${buffer}`;

/** Whether a parameter is frozen in a step: made by the first graph, read by the second. */
export const frozenName = (parameter: string): string => `frozen.${parameter}`;

/** A buffer as it was before the step, where the second graph reads it: a copy, made by the first. */
export const keptName = (buffer: string): string => `kept.${buffer}`;

/** What a parameter, slot, average or buffer holds after the step: made by the second graph. */
export const nextName = (tensor: string): string => `next.${tensor}`;

/** A scalar that a method wants logged: made by the first graph. */
export const metricName = (metric: string): string => `metric.${metric}`;

/** A scalar that a schedule of the method sets: read by either graph. */
export const scheduledName = (scalar: string): string => `scheduled.${scalar}`;

/**
 * The schedule that a momentum encoder follows: the share of its weights that it keeps in a step. The momentum of SGD and
 * LARS is an option of the configuration, `momentum`.
 */
export const ENCODER_MOMENTUM = "encoderMomentum";

/** A view of the batch, counted from 0: read by the first graph. */
export const viewName = (index: number): string => `views.${index}`;

/** The weights of the pairs of two views, counted from 0: read by the first graph. */
export const pairWeightsName = (first: number, second: number): string =>
  `pair_weights.${first}.${second}`;

/** The order of a permutation that is drawn for each step: read by the first graph. */
export const permutationName = (name: string): string => `permutation.${name}`;

/** The order that undoes a permutation: read by the first graph. */
export const inversePermutationName = (name: string): string => `inverse_permutation.${name}`;

/** Steps taken so far: read by either graph. */
export const STEP = "step";

/** Epochs begun before this one: read by either graph. */
export const EPOCH = "epoch";

/** The factor on the loss in mixed precision: read by the first graph. */
export const LOSS_SCALE = "loss_scale";

/** The inverse of that factor: read by the second graph. */
export const INVERSE_LOSS_SCALE = "inverse_loss_scale";

/** Norm of all gradients of the scaled loss, by which an overflow shows: made by the first graph. */
export const SCALED_GRADIENT_NORM = "scaled_gradient_norm";

/** The same of the gradients that no micro-batch has a share in, where a batch is taken by parts. */
export const OWN_SCALED_GRADIENT_NORM = "own_scaled_gradient_norm";
