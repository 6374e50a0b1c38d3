import { GenviewRangeError } from "../../errors/mod.ts";
import { producer, resolve } from "../graph/node.ts";
import { defineOp } from "../graph/op.ts";
import { elementCount, sameShape, type Shape } from "../graph/shape.ts";
import { int64 } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";

interface ReshapeAttributes {
  readonly shape: Shape;
}

const Reshape = defineOp({
  type: "Reshape",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  infer: ({ x }, { shape }: ReshapeAttributes) => {
    const count = elementCount(x.shape);
    if (!shape.every(Number.isInteger) || elementCount(shape) !== count) {
      throw new GenviewRangeError(
        `lengths must have the product ${count}, found [${shape.join(",")}]`,
      );
    }
    return { y: { dtype: x.dtype, shape } };
  },
  onnx: ({ shape }) => ({ constants: [int64([shape.length], shape)] }),
  // The gradient takes the shape back.
  gradient: ({ x, dy }) => ({ x: reshape(dy, x.shape) }),
});

/**
 * The same elements in another shape, in which one length may be -1: what remains.
 */
export function reshape(x: Value, shape: Shape): Value {
  const known = elementCount(shape.filter((length) => length !== -1));
  const target = shape.map((length) => length === -1 ? elementCount(x.shape) / known : length);
  return sameShape(target, x.shape) ? x : Reshape({ x }, { shape: target }).y;
}

/** What a value was before it was given other shapes. */
export function beforeReshapes(value: Value): Value {
  const given = resolve(value);
  const node = producer(given);
  return node?.op.type === "Reshape" ? beforeReshapes(node.inputs.x!) : given;
}
