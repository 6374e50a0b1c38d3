/**
 * Ways to compute the gradient of a convolution by its input. All give the same numbers up to rounding.
 *
 * @module
 */
import { currentTarget } from "../../graph/target.ts";
import type { Value } from "../../graph/value.ts";
import { directConv } from "../conv.ts";
import { convTranspose } from "../conv_transpose.ts";
import { matMul } from "../mat_mul.ts";
import { reshape } from "../reshape.ts";
import { slice } from "../slice.ts";
import { transpose } from "../transpose.ts";
import { turnAround } from "./_taps.ts";
import { blockedConv, blockedTurnedWeight, suitsBlocks } from "./blocked_layout.ts";
import { denseInputGradient, suitsDense } from "./dense.ts";
import { type Formulation, gatheredProduct } from "./forward.ts";
import { phasedInputGradient, suitsPhases } from "./phases.ts";
import { type ConvProblem, isDepthwise, isPointwise, paddingEnd, spatial } from "./problem.ts";
import { canTurn, turnedProblem } from "./turned.ts";
import { suitsWinograd, winogradInputGradient } from "./winograd.ts";

/** What the gradient by the input is made of. */
export interface InputGradientValues {
  /** Gradient by the output of the convolution, `[N, K, ...]`. */
  readonly dy: Value;
  /** Weight of the convolution, `[K, C / group, ...]`. */
  readonly w: Value;
}

/**
 * ONNX's ConvTranspose. CUDA's kernel takes the same padding at both ends alone, so what windows read of the input beyond
 * that comes back as output padding, which is less than a stride; where it is more, the rest of the padding is cut off.
 */
function transposed({ dy, w }: InputGradientValues, problem: ConvProblem): Value {
  const { attributes } = problem;
  const lengths = spatial(problem.x);
  const begin = attributes.pads.slice(0, lengths.length);
  const end = paddingEnd(problem);
  // Output padding also stands for what no window reads, and has a gradient of zero.
  const back = begin.map((zeros, axis) => zeros - end[axis]!);
  if (back.every((more, axis) => more >= 0 && more < attributes.strides[axis]!)) {
    return convTranspose(dy, w, { ...attributes, pads: [...begin, ...begin], outputPadding: back });
  }
  const read = end.map((zeros) => Math.max(zeros, 0));
  const outputPadding = end.map((zeros) => Math.max(-zeros, 0));
  if (currentTarget().provider === "cpu") {
    return convTranspose(dy, w, { ...attributes, pads: [...begin, ...read], outputPadding });
  }
  const both = begin.map((zeros, axis) => Math.min(zeros, read[axis]!));
  const wide = convTranspose(dy, w, { ...attributes, pads: [...both, ...both], outputPadding });
  const starts = begin.map((zeros, axis) => zeros - both[axis]!);
  return slice(wide, {
    starts,
    ends: starts.map((start, axis) => start + lengths[axis]!),
    axes: lengths.map((_, axis) => axis + 2),
  });
}

function product({ dy, w }: InputGradientValues, { x, y }: ConvProblem): Value {
  const weight = transpose(reshape(w, w.shape.slice(0, 2)), [1, 0]);
  // The axis in front keeps ONNX Runtime from making the transpose part of the product, which would do it once for
  // every image, and more slowly.
  const weights = reshape(weight, [1, ...weight.shape]);
  return reshape(matMul(weights, reshape(dy, [y[0]!, y[1]!, -1])), x);
}

/** The weight as `[C, taps, K / group]`, with the taps turned around: a transpose of two axes and copies of stretches. */
function turnedTaps(w: Value, { group }: { readonly group: number }): Value {
  const [outputs, inputs] = w.shape as [number, number];
  const each = outputs / group;
  const outputsLast = transpose(reshape(w, [group, each, -1]), [0, 2, 1]);
  return turnAround(reshape(outputsLast, [group * inputs, -1, each]), 1);
}

function turned({ dy, w }: InputGradientValues, problem: ConvProblem): Value {
  const { w: shape, attributes } = turnedProblem(problem);
  const weight = transpose(turnedTaps(w, attributes), [0, 2, 1]);
  return directConv(dy, reshape(weight, shape), attributes);
}

function gathered({ dy, w }: InputGradientValues, problem: ConvProblem): Value {
  return gatheredProduct(dy, turnedTaps(w, problem.attributes), turnedProblem(problem));
}

function blocked({ dy, w }: InputGradientValues, problem: ConvProblem, block: number): Value {
  const weight = blockedTurnedWeight(w, problem, block);
  return blockedConv({ x: dy, weight }, turnedProblem(problem), block);
}

/** Names of the formulations of the gradient by the input. */
export type InputGradientName =
  | "transposed"
  | "product"
  | "turned"
  | "gathered"
  | "dense"
  | "winograd"
  | "blocked"
  | "phases";

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
  /** ONNX's Conv of dy by the turned kernel; for strides of 1. */
  turned: { suits: canTurn, build: turned },
  /** The same as one matrix product for the whole batch, for tiny maps. */
  gathered: {
    suits: (problem) => canTurn(problem) && problem.attributes.group === 1,
    build: gathered,
  },
  /** One matrix product of all outputs by all inputs, for maps with fewer pixels than the kernel has elements. */
  dense: {
    suits: suitsDense,
    build: ({ dy, w }, problem) => denseInputGradient(dy, w, problem),
  },
  /** Products of transformed gradients and kernels, for kernels of 3 x 3. */
  winograd: {
    suits: suitsWinograd,
    build: ({ dy, w }, problem, block) => winogradInputGradient(dy, w, problem, block),
  },
  /** A convolution by the turned kernel in the blocked kernels of ONNX Runtime's CPU provider. */
  blocked: {
    suits: (problem, block) =>
      canTurn(problem) && (problem.attributes.group === 1 || isDepthwise(problem)) &&
      suitsBlocks(problem, block) && suitsBlocks(turnedProblem(problem), block) &&
      problem.x[1]! >= block,
    build: blocked,
  },
  /** The phases of the image by the blocked kernels, interlaced; for strides above 1. */
  phases: { suits: suitsPhases, build: phasedInputGradient },
};
