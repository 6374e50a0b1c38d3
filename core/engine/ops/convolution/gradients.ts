/**
 * Convolutions and their gradients, each in the formulation that the tuning or the heuristic chooses for its shape.
 *
 * @module
 */
import { GenviewRangeError } from "../../../errors/mod.ts";
import { currentTarget } from "../../graph/target.ts";
import type { Value } from "../../graph/value.ts";
import { chooseFormulations } from "./choose.ts";
import { type Formulation, FORWARD, type ForwardValues } from "./forward.ts";
import { INPUT_GRADIENTS, type InputGradientValues } from "./input_gradients.ts";
import { type ConvProblem, problemKey } from "./problem.ts";
import type { ConvChoice } from "./tuning.ts";
import { WEIGHT_GRADIENTS, type WeightGradientValues } from "./weight_gradients.ts";

function build<Values>(
  formulations: Readonly<Record<string, Formulation<Values>>>,
  task: keyof ConvChoice,
  values: Values,
  problem: ConvProblem,
): Value {
  const { channelBlock: block = 1, choices, portable = false } = currentTarget();
  const name = portable && task === "forward"
    ? "direct"
    : choices?.[problemKey(problem)]?.[task] ?? chooseFormulations(problem, block)[task];
  const formulation = formulations[name];
  if (!formulation?.suits(problem, block)) {
    throw new GenviewRangeError(
      `the tuning's ${task} "${name}" does not compute ${
        problemKey(problem)
      } in blocks of ${block}`,
    );
  }
  return formulation.build(values, problem, block);
}

/** A convolution, of shape `problem.y`. */
export function convForward(values: ForwardValues, problem: ConvProblem): Value {
  return build(FORWARD, "forward", values, problem);
}

/** Gradient of a convolution by its input, of shape `problem.x`. */
export function convInputGradient(values: InputGradientValues, problem: ConvProblem): Value {
  return build(INPUT_GRADIENTS, "inputGradient", values, problem);
}

/** Gradient of a convolution by its weight, of shape `problem.w`. */
export function convWeightGradient(values: WeightGradientValues, problem: ConvProblem): Value {
  return build(WEIGHT_GRADIENTS, "weightGradient", values, problem);
}
