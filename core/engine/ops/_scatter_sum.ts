import { elementCount, type Shape } from "../graph/shape.ts";
import { scalar, type Value } from "../graph/value.ts";
import { expand } from "./expand.ts";
import { reshape } from "./reshape.ts";
import { scatterElements } from "./scatter_elements.ts";

/**
 * The gradient of reading along an axis: every element has the sum of the dy of its readers. One thread
 * does it, since two would race for a shared element.
 *
 * @param indices int64, which element of the axis each was read from
 * @param shape of the tensor that was read
 */
export function scatterSum(dy: Value, indices: Value, shape: Shape, axis: number): Value {
  const outer = elementCount(shape.slice(0, axis));
  const inner = elementCount(shape.slice(axis + 1));
  const count = elementCount(indices.shape);
  const zeros = expand(scalar(0, dy.dtype), [outer, shape[axis]!, inner]);
  const where = expand(reshape(indices, [1, count, 1]), [outer, count, inner]);
  const updates = reshape(dy, [outer, count, inner]);
  return reshape(scatterElements(zeros, where, updates, { axis: 1, reduction: "add" }), shape);
}
