/**
 * What the reductions share: axes and the shapes that remain.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { int64, type TensorType } from "../graph/tensor.ts";
import type { Shape } from "../graph/shape.ts";
import { applying, type OnnxForm } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { axisOf } from "./_axes.ts";

/** Options of a reduction. */
export interface ReductionOptions {
  /** Axis to reduce, a negative one from the back; all of them when neither this nor `axes` is given. */
  readonly axis?: number;
  /** Axes to reduce, where there are several. */
  readonly axes?: readonly number[];
  /** Whether reduced axes stay, with length 1 (default false). */
  readonly keepDims?: boolean;
}

/** Attributes of a reduction node: normalised, sorted axes. */
export interface ReductionAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** The attributes of a reduction of x; an error names the operator that they are for. */
export function reductionAttributes(
  type: string,
  x: Value,
  options: ReductionOptions,
): ReductionAttributes {
  if (options.axis !== undefined && options.axes !== undefined) {
    applying(type, { x }, () => {
      throw new GenviewTypeError("either axis or axes can be given, found both");
    });
  }
  const axes = options.axes ??
    (options.axis === undefined ? x.shape.map((_, axis) => axis) : [options.axis]);
  const normalized = axes.map((axis) => axisOf(type, x, axis)).sort((a, b) => a - b);
  return { axes: [...new Set(normalized)], keepDims: options.keepDims ?? false };
}

/** A shape with the given axes set to length 1. */
export function keptShape(shape: Shape, axes: readonly number[]): number[] {
  return shape.map((length, axis) => axes.includes(axis) ? 1 : length);
}

/** A shape after reduction. */
export function reducedShape(shape: Shape, { axes, keepDims }: ReductionAttributes): number[] {
  return keepDims ? keptShape(shape, axes) : shape.filter((_, axis) => !axes.includes(axis));
}

/** One output of the reduced shape. */
export function inferReduction(
  { x }: { readonly x: TensorType },
  attributes: ReductionAttributes,
): { y: TensorType } {
  return { y: { dtype: x.dtype, shape: reducedShape(x.shape, attributes) } };
}

/** ONNX takes the axes as a second input. */
export function onnxReduction({ axes, keepDims }: ReductionAttributes): OnnxForm {
  return {
    attributes: { keepdims: { int: keepDims ? 1 : 0 } },
    constants: [int64([axes.length], axes)],
  };
}
