/**
 * The numbers of reference/hashed_values.py: a name and an index determine them, so that goldens hold no parameters.
 *
 * @module
 */
import { elementCount, type Shape } from "../../../../core/engine/graph/shape.ts";
import { type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import type { Scope } from "../../../../core/engine/nn/scope.ts";

function fnv1a(name: string): number {
  let result = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) {
    result = Math.imul(result ^ name.charCodeAt(i), 0x01000193);
  }
  return result;
}

/** Word `i` of the stream whose key is the name's hash. */
function word(key: number, i: number): number {
  let x = (key + Math.imul(i, 0x9e3779b9)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** offset + scale * value, with values in [-1, 1). */
export function hashedTensor(
  name: string,
  shape: Shape,
  scale = 1,
  offset = 0,
): Tensor<"float32"> {
  const key = fnv1a(name);
  const data = new Float32Array(elementCount(shape));
  for (let i = 0; i < data.length; i++) {
    data[i] = offset + scale * ((word(key, i) >>> 8) / 2 ** 23 - 1);
  }
  return tensor("float32", shape, data);
}

/** The value of an entry of a state dict; its kind follows from the last part of its name and its rank. */
export function hashedParameter(name: string, shape: Shape): Tensor<"float32"> {
  const last = name.slice(name.lastIndexOf(".") + 1);
  if (last === "running_var") return hashedTensor(name, shape, 0.5, 1);
  if (last === "bias" || last === "running_mean") return hashedTensor(name, shape, 0.25);
  if (last === "pos_embed" || last === "cls_token" || last === "gamma") {
    return hashedTensor(name, shape, 0.5);
  }
  if (shape.length === 1) return hashedTensor(name, shape, 0.5, 1);
  const fanIn = elementCount(shape.slice(1));
  return hashedTensor(name, shape, Math.sqrt((shape.length === 4 ? 6 : 3) / fanIn));
}

/** Values for all that a scope has declared, but for counts, by full name. */
export function hashedParameters(scope: Scope): Record<string, Tensor> {
  return Object.fromEntries(
    [...scope.declarations].filter(([, { value }]) => value.dtype !== "int64")
      .map(([name, { value }]) => [name, hashedParameter(name, value.shape)]),
  );
}

/** Which elements of a tensor a golden holds: all of them, or `most` drawn with repetition. */
export function sampledIndices(name: string, count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, i) => i);
  const key = fnv1a(`samples/${name}`);
  return Array.from({ length: most }, (_, i) => Math.floor((word(key, i) / 2 ** 32) * count));
}
