/**
 * What a row of the tables of gradient cases is: an operator, and inputs to differentiate it at.
 *
 * @module
 */
import type { DType } from "../../../../core/engine/graph/dtype.ts";
import { allocate } from "../../../../core/engine/graph/dtype.ts";
import { elementCount, type Shape } from "../../../../core/engine/graph/shape.ts";
import { int64, type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import type { Value } from "../../../../core/engine/graph/value.ts";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";

/** Inputs of a graph by name. */
export type Inputs = Readonly<Record<string, Value>>;

/** An input: its shape, with normal numbers, or where its numbers lie. */
export type Drawn =
  | Shape
  /** Uniform numbers. */
  | { readonly shape: Shape; readonly within: readonly [number, number] }
  /** Numbers of which no two, and none and zero, are nearer than a quarter, or an offset from it. */
  | { readonly shape: Shape; readonly apart: number }
  /** Given numbers. */
  | { readonly shape: Shape; readonly values: readonly number[] }
  /** Given integers. */
  | { readonly shape: Shape; readonly integers: readonly number[] };

/** A function at inputs. */
export interface Variant {
  readonly inputs: Readonly<Record<string, Drawn>>;
  readonly build: (inputs: Inputs) => Value;
}

/** A row: an operator in some element types at several inputs. */
export interface GradientCase {
  readonly name: string;
  /** Element types to check in (default float64). */
  readonly dtypes?: readonly ("float64" | "float32")[];
  readonly variants: readonly Variant[];
}

/** A row with one function for all of its inputs. */
export function row(
  name: string,
  build: (inputs: Inputs) => Value,
  inputs: readonly Readonly<Record<string, Drawn>>[],
  dtypes?: GradientCase["dtypes"],
): GradientCase {
  const variants = inputs.map((given) => ({ inputs: given, build }));
  return { name, variants, ...(dtypes && { dtypes }) };
}

function floats(given: Exclude<Drawn, { integers: unknown }>, random: RandomStream): number[] {
  if (!("shape" in given)) {
    return Array.from({ length: elementCount(given) }, () => random.normal());
  }
  const length = elementCount(given.shape);
  if ("values" in given) return [...given.values];
  if ("apart" in given) {
    const order = random.permutation(length);
    return Array.from(order, (place) => (place - Math.floor(length / 2)) / 4 + given.apart);
  }
  return Array.from({ length }, () => random.uniform(...given.within));
}

/** Draws an input; the numbers depend on the names alone. */
export function draw(given: Drawn, dtype: DType, ...path: readonly (string | number)[]): Tensor {
  const shape = "shape" in given ? given.shape : given;
  if ("integers" in given) return int64(shape, given.integers);
  const data = allocate(dtype, elementCount(shape));
  (data as Float64Array).set(floats(given, new RandomStream(0, ...path)));
  return tensor(dtype, shape, data);
}
