/**
 * Sums over the first axes, as a product of matrices.
 *
 * @module
 */
import { isFloat } from "../graph/dtype.ts";
import { defineComposite } from "../graph/op.ts";
import { elementCount } from "../graph/shape.ts";
import { scalar, type Value } from "../graph/value.ts";
import { keptShape, reducedShape, type ReductionAttributes } from "./_reduction.ts";
import { expand } from "./expand.ts";
import { matMul } from "./mat_mul.ts";
import { mul } from "./mul.ts";
import { reshape } from "./reshape.ts";

interface LeadingSumAttributes extends ReductionAttributes {
  readonly factor: number;
}

/** Stretches dy over the axes that were reduced. */
export function spread(x: Value, dy: Value, axes: readonly number[]): Value {
  return expand(reshape(dy, keptShape(x.shape, axes)), x.shape);
}

const LeadingSum = defineComposite({
  type: "LeadingSum",
  inputs: ["x"],
  outputs: ["y"],
  expand: ({ x }, attributes: LeadingSumAttributes) => {
    const count = elementCount(x.shape.slice(0, attributes.axes.length));
    const row = expand(scalar(attributes.factor, x.dtype), [1, count]);
    const sums = matMul(row, reshape(x, [count, -1]));
    return { y: reshape(sums, reducedShape(x.shape, attributes)) };
  },
  // dx is the factor times dy, stretched over the axes that were summed
  gradient: ({ x, dy }, { axes, factor }) => ({
    x: spread(x, factor === 1 ? dy : mul(dy, factor), axes),
  }),
});

/** Whether the axes are the first ones, but not all, of floats: those that {@linkcode leadingSum} takes. */
export function areLeading(x: Value, axes: readonly number[]): boolean {
  return isFloat(x.dtype) && axes.length < x.rank && axes.every((axis, i) => axis === i);
}

/**
 * A factor times the sum over the first axes, as a row of that factor times a matrix: ONNX Runtime's reductions
 * stride over the tensor there and take two to ten times as long.
 */
export function leadingSum(x: Value, attributes: ReductionAttributes, factor: number): Value {
  return LeadingSum({ x }, { ...attributes, factor }).y;
}
