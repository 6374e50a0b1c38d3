/**
 * The choice of formulations where no tuning table has one: rules that `bench/conv.ts` justifies, on the shapes of
 * ResNets, vision transformers and ConvNeXt.
 *
 * @module
 */
import { suitsBlocks } from "./blocked_layout.ts";
import { type ConvProblem, isDepthwise, isPointwise, spatial } from "./problem.ts";
import { INPUT_GRADIENTS } from "./input_gradients.ts";
import type { ConvChoice } from "./tuning.ts";
import { WEIGHT_GRADIENTS } from "./weight_gradients.ts";

/** Pixels of the output below which blocked kernels lose to the product of gathered columns. */
const SMALL_MAP = 36;

function pixels({ y }: ConvProblem): number {
  return spatial(y).reduce((product, length) => product * length, 1);
}

function chooseForward(problem: ConvProblem, block: number): ConvChoice["forward"] {
  if (isPointwise(problem) && problem.attributes.group === 1) return "product";
  const large = pixels(problem) >= SMALL_MAP;
  return large && suitsBlocks(problem, block) ? "blocked" : "direct";
}

function chooseInputGradient(problem: ConvProblem, block: number): ConvChoice["inputGradient"] {
  if (isPointwise(problem) && problem.attributes.group === 1) return "product";
  return INPUT_GRADIENTS.turned.suits(problem, block) ? "turned" : "transposed";
}

function chooseWeightGradient(problem: ConvProblem): ConvChoice["weightGradient"] {
  const single = spatial(problem.w).every((length) => length === 1);
  if (single || isDepthwise(problem)) return "images";
  return WEIGHT_GRADIENTS.wide.suits(problem, 1) ? "wide" : "taps";
}

/** The formulations for a problem, for blocks of so many channels. */
export function chooseFormulations(problem: ConvProblem, block: number): ConvChoice {
  return {
    forward: chooseForward(problem, block),
    inputGradient: chooseInputGradient(problem, block),
    weightGradient: chooseWeightGradient(problem),
  };
}
