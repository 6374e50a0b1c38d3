/**
 * The convolution that the gradient by the input of another one is: of the gradient by the output, with the kernel
 * turned around.
 *
 * @module
 */
import { windowSpan } from "../_windows.ts";
import { type ConvProblem, spatial } from "./problem.ts";

/** Zeros around dy for the turned kernel to give a gradient for every element of x: begins, then ends. */
function turnedPads({ x, w, y, attributes }: ConvProblem): number[] {
  const begin = spatial(w).map((_, axis) =>
    windowSpan(attributes, spatial(w), axis) - 1 - attributes.pads[axis]!
  );
  const end = spatial(x).map((length, axis) => length - y[axis + 2]! + attributes.pads[axis]!);
  return [...begin, ...end];
}

/** The convolution of dy whose output is the gradient by x, by the turned kernel; for strides of 1. */
export function turnedProblem(problem: ConvProblem): ConvProblem {
  const { dtype, x, w, y, attributes } = problem;
  const turnedShape = [x[1]!, w[0]! / attributes.group, ...spatial(w)];
  return {
    dtype,
    x: y,
    w: turnedShape,
    y: x,
    attributes: { ...attributes, pads: turnedPads(problem) },
  };
}

/** Whether the gradient by the input is a convolution of dy. */
export function canTurn(problem: ConvProblem): boolean {
  return problem.attributes.strides.every((n) => n === 1) &&
    turnedPads(problem).every((n) => n >= 0);
}
