import { GenviewRangeError } from "../../errors/mod.ts";
import { defineOp } from "../graph/op.ts";
import { sameShape } from "../graph/shape.ts";
import { formatType } from "../graph/tensor.ts";
import { scalar, type Value } from "../graph/value.ts";
import { axisOf } from "./_axes.ts";
import { checkIndices } from "./_indices.ts";
import { cast } from "./cast.ts";
import { expand } from "./expand.ts";
import { gatherElements } from "./gather_elements.ts";

/** Options of {@linkcode scatterElements}. */
export interface ScatterElementsOptions {
  /** Axis that the indices count along. */
  readonly axis: number;
  /** Whether updates replace elements, at indices of which none occurs twice (`none`, default), or are added. */
  readonly reduction?: "none" | "add";
}

type ScatterElementsAttributes = Required<ScatterElementsOptions>;

const ScatterElements = defineOp({
  type: "ScatterElements",
  inputs: ["x", "indices", "updates"],
  outputs: ["y"],
  infer: ({ x, indices, updates }, _: ScatterElementsAttributes) => {
    checkIndices(indices);
    if (updates.dtype !== x.dtype || !sameShape(updates.shape, indices.shape)) {
      throw new GenviewRangeError(
        `updates must be ${formatType({ dtype: x.dtype, shape: indices.shape })}, found ${
          formatType(updates)
        }`,
      );
    }
    return { y: x };
  },
  onnx: ({ axis, reduction }) => ({
    attributes: { axis: { int: axis }, reduction: { string: reduction } },
  }),
  // The updates get dy at their places; x keeps it there only if they were added to it.
  gradient: ({ indices, updates, dy }, { axis, reduction }) => {
    const nothing = expand(scalar(0, dy.dtype), updates.shape);
    return {
      x: reduction === "add" ? dy : scatterElements(dy, indices, nothing, { axis }),
      updates: gatherElements(dy, indices, { axis }),
    };
  },
});

/**
 * The tensor with elements replaced or increased, each at the place that its index names along an axis, as
 * `torch.scatter` and `torch.scatter_add`.
 *
 * @param indices int64, of x's rank
 * @param updates of the indices' shape
 */
export function scatterElements(
  x: Value,
  indices: Value,
  updates: Value,
  { axis, reduction = "none" }: ScatterElementsOptions,
): Value {
  if (x.dtype === "float16" && reduction === "add") {
    // ONNX Runtime adds up no float16 on the CPU; sums of many are better off in float32 anyway.
    const [wide, added] = [cast(x, "float32"), cast(updates, "float32")];
    return cast(scatterElements(wide, indices, added, { axis, reduction }), "float16");
  }
  const attributes = { axis: axisOf("ScatterElements", x, axis), reduction };
  return ScatterElements({ x, indices, updates }, attributes).y;
}
