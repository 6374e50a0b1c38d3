import { defineOp } from "../graph/op.ts";
import { elementCount } from "../graph/shape.ts";
import { int64 } from "../graph/tensor.ts";
import { constant, scalar, type Value } from "../graph/value.ts";
import { axisOf } from "./_axes.ts";
import { checkIndices } from "./_indices.ts";
import { scatterSum } from "./_scatter_sum.ts";
import { add } from "./add.ts";
import { cast } from "./cast.ts";
import { expand } from "./expand.ts";
import { reshape } from "./reshape.ts";
import { scatterRows } from "./scatter_rows.ts";

/** Options of {@linkcode gather}. */
export interface GatherOptions {
  /** Axis that the indices count along (default 0). */
  readonly axis?: number;
  /** Promises that no index occurs twice, with which the gradient takes a tenth of the time (default false). */
  readonly unique?: boolean;
}

type GatherAttributes = Required<GatherOptions>;

interface Gathering {
  readonly x: Value;
  readonly indices: Value;
  readonly dy: Value;
}

/** Writes rows of dy where rows of x were read: with x seen as `[outer, length, inner]`, row o length + index. */
function writeRows({ x, indices, dy }: Gathering, axis: number): Value {
  const outer = elementCount(x.shape.slice(0, axis));
  const length = x.shape[axis]!;
  const starts = constant(int64([outer, 1], Array.from({ length: outer }, (_, o) => o * length)));
  const rows = reshape(add(starts, reshape(indices, [1, -1])), [-1]);
  const inner = elementCount(x.shape.slice(axis + 1));
  const zeros = expand(scalar(0, dy.dtype), [outer * length, inner]);
  return reshape(scatterRows(zeros, rows, reshape(dy, [rows.shape[0]!, inner])), x.shape);
}

const Gather = defineOp({
  type: "Gather",
  inputs: ["x", "indices"],
  outputs: ["y"],
  precision: "widest",
  infer: ({ x, indices }, { axis }: GatherAttributes) => {
    checkIndices(indices, "int32");
    return { y: { dtype: x.dtype, shape: x.shape.toSpliced(axis, 1, ...indices.shape) } };
  },
  onnx: ({ axis }) => ({ attributes: { axis: { int: axis } } }),
  // dx has at every index the sum of the dy that were read there
  gradient: ({ x, dy, ...given }, { axis, unique }) => {
    const indices = cast(given.indices, "int64");
    return {
      x: unique ? writeRows({ x, indices, dy }, axis) : scatterSum(dy, indices, x.shape, axis),
    };
  },
});

/**
 * Slices of an axis in the order of indices, which may be of any shape and take the axis's place in the result.
 *
 * @param indices int64 or int32, in [0, length of the axis); in the forward pass those below 0 count from the end
 */
export function gather(x: Value, indices: Value, options: GatherOptions = {}): Value {
  const { axis = 0, unique = false } = options;
  return Gather({ x, indices }, { axis: axisOf("Gather", x, axis), unique }).y;
}
