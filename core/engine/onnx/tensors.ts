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
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "../../deps/protobuf.ts";
import { bytesOf, type Tensor, type TensorType } from "../graph/tensor.ts";
import { elementNumber } from "./element_types.ts";

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
    dataType: elementNumber(value.dtype),
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
    dataType: elementNumber(value.dtype),
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
        value: create(TypeProto_TensorSchema, { elemType: elementNumber(type.dtype), shape }),
      },
    }),
  });
}
