/**
 * Ways to compute the gradient of a convolution by its input. All give the same numbers up to rounding.
 *
 * @module
 */
import type { Value } from "../../graph/value.ts";
import { convTranspose } from "../conv_transpose.ts";
import { matMul } from "../mat_mul.ts";
import { reshape } from "../reshape.ts";
import { transpose } from "../transpose.ts";
import { type ConvProblem, paddingEnd, spatial } from "./problem.ts";

/** What the gradient by the input is made of. */
export interface InputGradientValues {
  /** Gradient by the output of the convolution, `[N, K, ...]`. */
  readonly dy: Value;
  /** Weight of the convolution, `[K, C / group, ...]`. */
  readonly w: Value;
}

/** ONNX's ConvTranspose, for every problem. */
export function transposed({ dy, w }: InputGradientValues, problem: ConvProblem): Value {
  const { attributes } = problem;
  const rank = spatial(problem.x).length;
  // What no window reads gets a gradient of zero through the output padding; where the last window needs fewer zeros
  // than there are, the padding at the end is exactly what it needs.
  const end = paddingEnd(problem);
  return convTranspose(dy, w, {
    ...attributes,
    pads: [...attributes.pads.slice(0, rank), ...end.map((n) => Math.max(n, 0))],
    outputPadding: end.map((n) => Math.max(-n, 0)),
  });
}

/** The transposed weight times the gradient, for pointwise convolutions of a single group. */
export function product({ dy, w }: InputGradientValues, { x, y }: ConvProblem): Value {
  const weight = transpose(reshape(w, w.shape.slice(0, 2)), [1, 0]);
  return reshape(matMul(weight, reshape(dy, [y[0]!, y[1]!, -1])), x);
}
