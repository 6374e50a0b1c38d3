/**
 * What a trial of operators is.
 *
 * @module
 */
import type { Shape } from "../../graph/shape.ts";
import type { Value } from "../../graph/value.ts";

/** A small graph: what it is called, what it reads, and what it makes. */
export interface OperatorTrial {
  /** What is wrong where the device's result is. */
  readonly name: string;
  /** Shapes of its float32 inputs. */
  readonly inputs: Readonly<Record<string, Shape>>;
  /** Given numbers of inputs; others are drawn from [-2, 2]. */
  readonly values?: Readonly<Record<string, readonly number[]>>;
  /** Builds the result, of float32, and what it is differentiated by, if it is. */
  readonly build: (inputs: Readonly<Record<string, Value>>) => Value;
  /** Whether the gradients by all inputs are compared, too (default no). */
  readonly gradients?: boolean;
  /**
   * Largest difference, relative to the largest number (default 5e-3): products in TF32 keep ten bits, and WebGPU leaves
   * functions to drivers; what is wrong differs by far more.
   */
  readonly tolerance?: number;
}

/** A trial of one input. */
export function unary(
  name: string,
  build: (x: Value) => Value,
  shape: Shape = [3, 5],
): OperatorTrial {
  return { name, inputs: { x: shape }, build: ({ x }) => build(x!) };
}

/** A trial of one input of given numbers. */
export function ofNumbers(
  name: string,
  build: (x: Value) => Value,
  numbers: readonly number[],
): OperatorTrial {
  return { ...unary(name, build, [numbers.length]), values: { x: numbers } };
}
