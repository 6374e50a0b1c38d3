/**
 * The gradients of convolutions, each in the formulation that suits its shape.
 *
 * @module
 */
import type { Value } from "../../graph/value.ts";
import { type InputGradientValues, product, transposed } from "./input_gradients.ts";
import { type ConvProblem, isPointwise } from "./problem.ts";
import { columns, type WeightGradientValues } from "./weight_gradients.ts";

/** Gradient of a convolution by its input, of shape `problem.x`. */
export function convInputGradient(values: InputGradientValues, problem: ConvProblem): Value {
  return isPointwise(problem) && problem.attributes.group === 1
    ? product(values, problem)
    : transposed(values, problem);
}

/** Gradient of a convolution by its weight, of shape `problem.w`. */
export function convWeightGradient(values: WeightGradientValues, problem: ConvProblem): Value {
  return columns(values, problem);
}
