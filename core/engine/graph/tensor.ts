/**
 * Tensors on the host: type, shape and data.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import { allocate, type DataOf, type DType } from "./dtype.ts";
import { encodeNumbers } from "./numbers.ts";
import { elementCount, sameShape, type Shape } from "./shape.ts";

/** Element type and shape of a value. */
export interface TensorType {
  /** Type of each element. */
  readonly dtype: DType;
  /** Lengths of the axes; none for a scalar. */
  readonly shape: Shape;
}

/** A tensor in host memory, row-major. */
export interface Tensor<D extends DType = DType> extends TensorType {
  /** Type of each element. */
  readonly dtype: D;
  /** Lengths of the axes; none for a scalar. */
  readonly shape: Shape;
  /** The elements; the last axis varies fastest. */
  readonly data: DataOf<D>;
}

/** Formats a type as `float32[8,128]`. */
export function formatType(type: TensorType): string {
  return `${type.dtype}[${type.shape.join(",")}]`;
}

/** Whether two types have the same element type and shape. */
export function sameType(a: TensorType, b: TensorType): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape);
}

/**
 * A tensor over data that is already there, without a copy.
 *
 * @throws {RangeError} if the data's length is not the shape's element count
 */
export function tensor<D extends DType>(dtype: D, shape: Shape, data: DataOf<D>): Tensor<D> {
  if (data.length !== elementCount(shape)) {
    throw new GenviewRangeError(
      `Cannot make a ${formatType({ dtype, shape })}: it has ${
        elementCount(shape)
      } elements, found ${data.length}`,
    );
  }
  return { dtype, shape, data };
}

/** A tensor of zeros. */
export function zeros<D extends DType>(dtype: D, shape: Shape): Tensor<D> {
  return tensor(dtype, shape, allocate(dtype, elementCount(shape)));
}

/** Numbers as the data of a tensor; an error names the tensor. */
function encoded<D extends DType>(
  type: TensorType & { dtype: D },
  values: ArrayLike<number>,
): DataOf<D> {
  try {
    return encodeNumbers(type.dtype, values);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new GenviewRangeError(`Cannot make a ${formatType(type)}: ${reason}`, { cause });
  }
}

/**
 * A tensor with one value everywhere, rounded where it is a float.
 *
 * @throws {RangeError} if an integer type cannot hold the value
 */
export function filled<D extends DType>(dtype: D, shape: Shape, value: number): Tensor<D> {
  const result = zeros(dtype, shape);
  const [element] = encoded({ dtype, shape }, [value]);
  (result.data as Float32Array).fill(element as number);
  return result;
}

/** A float32 tensor from numbers. */
export function float32(shape: Shape, values: ArrayLike<number>): Tensor<"float32"> {
  return tensor("float32", shape, Float32Array.from(values));
}

/**
 * An int64 tensor from numbers.
 *
 * @throws {RangeError} if one of them is no integer of 64 bits
 */
export function int64(shape: Shape, values: readonly number[]): Tensor<"int64"> {
  return tensor("int64", shape, encoded({ dtype: "int64", shape }, values));
}

/** A view of a tensor's bytes, without a copy. */
export function bytesOf(value: Tensor): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = value.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}
