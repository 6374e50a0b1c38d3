/**
 * Element types as ONNX numbers them, and ONNX Runtime after it.
 *
 * @module
 */
import type { DType } from "../graph/dtype.ts";

/** `enum TensorProto.DataType` and `enum ONNXTensorElementDataType`, of the types that tensors have here. */
const NUMBERS: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
};

const DTYPES = new Map(Object.entries(NUMBERS).map(([dtype, n]) => [n, dtype as DType]));

/** Number of an element type. */
export function elementNumber(dtype: DType): number {
  return NUMBERS[dtype];
}

/** Element type of a number, or nothing for those that tensors never have here, such as strings. */
export function elementType(number: number): DType | undefined {
  return DTYPES.get(number);
}
