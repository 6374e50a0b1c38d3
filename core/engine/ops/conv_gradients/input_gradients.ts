/**
 * Ways to compute the gradient of a convolution by its input. All give the same numbers up to rounding.
 *
 * @module
 */
import type { Value } from "../../graph/value.ts";
import { conv } from "../conv.ts";
import { convTranspose } from "../conv_transpose.ts";
import { matMul } from "../mat_mul.ts";
import { reshape } from "../reshape.ts";
import { slice } from "../slice.ts";
import { transpose } from "../transpose.ts";
import { windowSpan } from "../_windows.ts";
import type { Formulation } from "./forward.ts";
import { type ConvProblem, isPointwise, paddingEnd, spatial } from "./problem.ts";

/** What the gradient by the input is made of. */
export interface InputGradientValues {
  /** Gradient by the output of the convolution, `[N, K, ...]`. */
  readonly dy: Value;
  /** Weight of the convolution, `[K, C / group, ...]`. */
  readonly w: Value;
}

function transposed({ dy, w }: InputGradientValues, problem: ConvProblem): Value {
  const { attributes } = problem;
  const rank = spatial(problem.x).length;
  const end = paddingEnd(problem);
  // Output padding stands for what no window reads, and has a gradient of zero.
  return convTranspose(dy, w, {
    ...attributes,
    pads: [...attributes.pads.slice(0, rank), ...end.map((n) => Math.max(n, 0))],
    outputPadding: end.map((n) => Math.max(-n, 0)),
  });
}

function product({ dy, w }: InputGradientValues, { x, y }: ConvProblem): Value {
  const weight = transpose(reshape(w, w.shape.slice(0, 2)), [1, 0]);
  return reshape(matMul(weight, reshape(dy, [y[0]!, y[1]!, -1])), x);
}

/** Zeros around dy for the turned kernel to give a gradient for every element of x: begins, then ends. */
function turnedPads({ x, w, y, attributes }: ConvProblem): number[] {
  const begin = spatial(w).map((_, axis) =>
    windowSpan(attributes, spatial(w), axis) - 1 - attributes.pads[axis]!
  );
  const end = spatial(x).map((length, axis) => length - y[axis + 2]! + attributes.pads[axis]!);
  return [...begin, ...end];
}

/** The kernel with its spatial axes turned around and the roles of its channels exchanged. */
function turnedKernel(w: Value, { x, attributes: { group } }: ConvProblem): Value {
  const [outputs, inputs, ...kernel] = w.shape as [number, number, ...number[]];
  const axes = kernel.map((_, axis) => axis + 3);
  const split = reshape(w, [group, outputs / group, inputs, ...kernel]);
  const exchanged = transpose(split, [0, 2, 1, ...axes]);
  const turned = kernel.every((length) => length === 1) ? exchanged : slice(exchanged, {
    starts: axes.map(() => 0),
    ends: kernel,
    axes,
    steps: axes.map(() => -1),
  });
  return reshape(turned, [x[1]!, outputs / group, ...kernel]);
}

function turned({ dy, w }: InputGradientValues, problem: ConvProblem): Value {
  const { dilations, group } = problem.attributes;
  return conv(dy, turnedKernel(w, problem), { pads: turnedPads(problem), dilations, group });
}

/** Names of the formulations of the gradient by the input. */
export type InputGradientName = "transposed" | "product" | "turned";

/** Formulations of the gradient by the input. */
export const INPUT_GRADIENTS: Readonly<
  Record<InputGradientName, Formulation<InputGradientValues>>
> = {
  /** ONNX's ConvTranspose. */
  transposed: { suits: () => true, build: transposed },
  /** The transposed weight times the gradient, one matrix product per image, for pointwise convolutions. */
  product: {
    suits: (problem) => isPointwise(problem) && problem.attributes.group === 1,
    build: product,
  },
  /** A convolution of dy by the turned kernel, in the formulation that suits it; for strides of 1. */
  turned: {
    suits: (problem) =>
      problem.attributes.strides.every((n) => n === 1) && turnedPads(problem).every((n) => n >= 0),
    build: turned,
  },
};
