import { GenviewRangeError } from "../../errors/mod.ts";
import { defineOp } from "../graph/op.ts";
import { scalar, type Value } from "../graph/value.ts";
import { axisOf } from "./_axes.ts";
import { checkIndices } from "./_indices.ts";
import { expand } from "./expand.ts";
import { scatterElements } from "./scatter_elements.ts";

/** Options of {@linkcode gatherElements}. */
export interface GatherElementsOptions {
  /** Axis that the indices count along. */
  readonly axis: number;
}

const GatherElements = defineOp({
  type: "GatherElements",
  inputs: ["x", "indices"],
  outputs: ["y"],
  precision: "widest",
  infer: ({ x, indices }, { axis }: GatherElementsOptions) => {
    checkIndices(indices);
    const fits = indices.shape.length === x.shape.length &&
      indices.shape.every((length, i) => i === axis || length <= x.shape[i]!);
    if (!fits) {
      throw new GenviewRangeError(
        `indices must fit into [${x.shape.join(",")}] but for axis ${axis}, found [${
          indices.shape.join(",")
        }]`,
      );
    }
    return { y: { dtype: x.dtype, shape: indices.shape } };
  },
  onnx: ({ axis }) => ({ attributes: { axis: { int: axis } } }),
  // dx has at every index the sum of the dy that were read there
  gradient: ({ x, indices, dy }, { axis }) => {
    const zeros = expand(scalar(0, dy.dtype), x.shape);
    return { x: scatterElements(zeros, indices, dy, { axis, reduction: "add" }) };
  },
});

/**
 * For each index the element at that place of its own line along an axis, as `torch.gather`.
 *
 * @param indices int64, of x's rank
 */
export function gatherElements(x: Value, indices: Value, options: GatherElementsOptions): Value {
  return GatherElements({ x, indices }, { axis: axisOf("GatherElements", x, options.axis) }).y;
}
