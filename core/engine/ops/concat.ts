import { GenviewRangeError } from "../../errors/mod.ts";
import { producer } from "../graph/node.ts";
import { defineOp } from "../graph/op.ts";
import { sameShape } from "../graph/shape.ts";
import { formatType } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { axisOf } from "./_axes.ts";
import type { SliceOptions } from "./slice.ts";
import { split } from "./split.ts";

/** Options of {@linkcode concat}. */
export interface ConcatOptions {
  /** Axis along which the parts follow each other; a negative one counts from the back. */
  readonly axis: number;
}

const Concat = defineOp<string, "y", never, ConcatOptions>({
  type: "Concat",
  inputs: [],
  outputs: ["y"],
  precision: "widest",
  infer: (types, { axis }) => {
    const parts = Object.values(types);
    const first = parts[0]!;
    for (const part of parts) {
      const fits = part.dtype === first.dtype && part.shape.length === first.shape.length &&
        sameShape(part.shape.with(axis, 1), first.shape.with(axis, 1));
      if (!fits) {
        throw new GenviewRangeError(
          `parts must match but for axis ${axis}, found ${formatType(first)} and ${
            formatType(part)
          }`,
        );
      }
    }
    const length = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
    return { y: { dtype: first.dtype, shape: first.shape.with(axis, length) } };
  },
  onnx: ({ axis }) => ({ attributes: { axis: { int: axis } } }),
  // Each part gets its stretch of dy.
  gradient: ({ y: _y, dy, ...parts }, { axis }) => {
    const names = Object.keys(parts);
    const pieces = split(dy!, names.map((name) => parts[name]!.shape[axis]!), { axis });
    return Object.fromEntries(names.map((name, i) => [name, pieces[i]!]));
  },
});

/** What parts were cut from along an axis, if they are all of it in order. */
function uncut(parts: readonly Value[], axis: number): Value | undefined {
  const whole = producer(parts[0]!)?.inputs.x;
  let end = 0;
  for (const part of parts) {
    const node = producer(part);
    if (node?.op.type !== "Slice" || node.inputs.x !== whole) return undefined;
    const { axes, starts, ends, steps = [1] } = node.attributes as SliceOptions;
    const follows = axes.length === 1 && axes[0] === axis && starts[0] === end && steps[0] === 1;
    if (!follows) return undefined;
    end = ends[0]!;
  }
  return end === whole?.shape[axis] ? whole : undefined;
}

/**
 * Tensors one after the other along an axis; what was cut is what it was before.
 *
 * @throws {RangeError} if there are none, or they differ in another axis
 */
export function concat(parts: readonly Value[], options: ConcatOptions): Value {
  const [first] = parts;
  if (first === undefined) {
    throw new GenviewRangeError("Cannot apply Concat: at least one part is needed, found none");
  }
  if (parts.length === 1) return first;
  const axis = axisOf("Concat", first, options.axis);
  const whole = uncut(parts, axis);
  if (whole !== undefined) return whole;
  return Concat(Object.fromEntries(parts.map((part, i) => [`x${i}`, part])), { axis }).y;
}
