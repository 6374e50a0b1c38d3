/**
 * What an optimizer is: the state that it keeps for each parameter, and the symbolic rule of one update.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import type { TensorType } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";

/** What one update of one parameter is made from. */
export interface ParameterUpdate {
  /** The parameter before the update. */
  readonly parameter: Value;
  /** Its gradient, unscaled and clipped. */
  readonly gradient: Value;
  /** Euclidean norm of that gradient, a scalar; it costs nothing unless it is used. */
  readonly gradientNorm: Value;
  /** The optimizer's state for this parameter before the update, by slot. */
  readonly slots: Readonly<Record<string, Value>>;
  /** Learning rate of the parameter's group, a scalar. */
  readonly learningRate: Value;
  /** Weight decay of the parameter's group, a scalar, or undefined for none. */
  readonly weightDecay: Value | undefined;
  /** The optimizer's own scalars of this step, by name. */
  readonly stepScalars: Readonly<Record<string, Value>>;
  /** Whether LARS leaves the step of this parameter unscaled. */
  readonly excludeFromLars: boolean;
}

/** What one update of one parameter makes. */
export interface UpdatedParameter {
  /** The parameter after the update. */
  readonly parameter: Value;
  /** The state after the update, by slot. */
  readonly slots: Readonly<Record<string, Value>>;
}

/** A rule by which parameters follow their gradients. */
export interface Optimizer {
  /** Name of the rule. */
  readonly name: string;
  /** Initial value, the same everywhere, of each slot that a parameter of this type needs; a slot has its type. */
  readonly slots: (parameter: TensorType) => Readonly<Record<string, number>>;
  /** Scalars that change with the step, by name, computed in float64; `step` counts the updates taken before. */
  readonly stepScalars: (step: number) => Readonly<Record<string, number>>;
  /** The same as a graph, for a parameter that misses steps; `updates` counts those that it has taken, this one included. */
  readonly ownStepScalars: (updates: Value) => Readonly<Record<string, Value>>;
  /**
   * Whether the update of a parameter looks at the tensor as a whole, as at its norm or its number of axes. Those of which
   * it looks at each element by itself may be updated together, as one long vector.
   */
  readonly isPerTensor: (parameter: TensorType, excludeFromLars: boolean) => boolean;
  /** One update as a graph. */
  readonly update: (given: ParameterUpdate) => UpdatedParameter;
}

/**
 * Checks that an option of an optimizer lies in [low, high).
 *
 * @throws {RangeError} if it does not
 */
export function checkOption(
  optimizer: string,
  option: string,
  value: number,
  low: number,
  high: number,
): void {
  if (value >= low && value < high) return;
  throw new GenviewRangeError(
    `Cannot make ${optimizer}: ${option} must be in [${low}, ${high}), found ${value}`,
  );
}
