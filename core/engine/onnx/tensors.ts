/**
 * Host tensors and types in the ONNX format.
 *
 * @module
 */
import {
  create,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProto_DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "../../deps/protobuf.ts";
import type { DType } from "../graph/dtype.ts";
import { bytesOf, type Tensor, type TensorType } from "../graph/tensor.ts";

/** ONNX's code of each element type. */
export const ONNX_DTYPE: Readonly<Record<DType, TensorProto_DataType>> = {
  float64: TensorProto_DataType.DOUBLE,
  float32: TensorProto_DataType.FLOAT,
  float16: TensorProto_DataType.FLOAT16,
  bfloat16: TensorProto_DataType.BFLOAT16,
  int64: TensorProto_DataType.INT64,
  int32: TensorProto_DataType.INT32,
  int16: TensorProto_DataType.INT16,
  int8: TensorProto_DataType.INT8,
  uint16: TensorProto_DataType.UINT16,
  uint8: TensorProto_DataType.UINT8,
  bool: TensorProto_DataType.BOOL,
};

/** A tensor that stays in a file: its type, and where its bytes lie. */
export interface ExternalTensor extends TensorType {
  /** Path of the file, relative to the folder of the model. */
  readonly location: string;
  /** First byte. */
  readonly offset: number;
  /** Number of bytes. */
  readonly length: number;
}

/** A tensor with its data inside the model. */
export function encodeTensor(name: string, value: Tensor): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dataType: ONNX_DTYPE[value.dtype],
    dims: value.shape.map(BigInt),
    rawData: bytesOf(value),
  });
}

/** A tensor whose data stays in its file. */
export function encodeExternalTensor(name: string, value: ExternalTensor): TensorProto {
  const entries = {
    location: value.location,
    offset: String(value.offset),
    length: String(value.length),
  };
  return create(TensorProtoSchema, {
    name,
    dataType: ONNX_DTYPE[value.dtype],
    dims: value.shape.map(BigInt),
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: Object.entries(entries).map(([key, text]) =>
      create(StringStringEntryProtoSchema, { key, value: text })
    ),
  });
}

/** Name and type of an input or output. */
export function encodeValueInfo(name: string, type: TensorType): ValueInfoProto {
  const shape = create(TensorShapeProtoSchema, {
    dim: type.shape.map((length) =>
      create(TensorShapeProto_DimensionSchema, {
        value: { case: "dimValue", value: BigInt(length) },
      })
    ),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, {
      value: {
        case: "tensorType",
        value: create(TypeProto_TensorSchema, { elemType: ONNX_DTYPE[type.dtype], shape }),
      },
    }),
  });
}
