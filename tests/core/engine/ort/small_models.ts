/**
 * Small ONNX models for tests, written out node by node.
 *
 * @module
 */
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  create,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
  toBinary,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "../../../../core/deps/protobuf.ts";
import type { DType } from "../../../../core/engine/graph/dtype.ts";
import { bytesOf, type Tensor, type TensorType } from "../../../../core/engine/graph/tensor.ts";
import { elementNumber } from "../../../../core/engine/onnx/element_types.ts";

/** A value's type; a length given as text is symbolic. */
export interface OpenType {
  readonly dtype: DType;
  readonly shape: readonly (number | string)[];
}

/** One node. */
export interface SmallNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

/** One model. */
export interface SmallModel {
  readonly inputs: Readonly<Record<string, OpenType>>;
  readonly outputs: Readonly<Record<string, OpenType>>;
  readonly nodes: readonly SmallNode[];
  readonly initializers?: Readonly<Record<string, Tensor | ExternalData>>;
}

/** A tensor whose data is in a file next to the model. */
export interface ExternalData extends TensorType {
  readonly file: string;
}

function valueInfo(name: string, { dtype, shape }: OpenType): ValueInfoProto {
  const dim = shape.map((length) => ({
    value: typeof length === "string"
      ? { case: "dimParam" as const, value: length }
      : { case: "dimValue" as const, value: BigInt(length) },
  }));
  const type = create(TypeProtoSchema, {
    value: { case: "tensorType", value: { elemType: elementNumber(dtype), shape: { dim } } },
  });
  return create(ValueInfoProtoSchema, { name, type });
}

function attribute(name: string, value: number | readonly number[]): AttributeProto {
  if (typeof value === "number") {
    return Number.isInteger(value)
      ? create(AttributeProtoSchema, {
        name,
        type: AttributeProto_AttributeType.INT,
        i: BigInt(value),
      })
      : create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.FLOAT, f: value });
  }
  return create(AttributeProtoSchema, {
    name,
    type: AttributeProto_AttributeType.INTS,
    ints: value.map(BigInt),
  });
}

function initializer(name: string, value: Tensor | ExternalData): TensorProto {
  const header = { name, dataType: elementNumber(value.dtype), dims: value.shape.map(BigInt) };
  return "file" in value
    ? create(TensorProtoSchema, {
      ...header,
      dataLocation: TensorProto_DataLocation.EXTERNAL,
      externalData: [{ key: "location", value: value.file }],
    })
    : create(TensorProtoSchema, { ...header, rawData: bytesOf(value) });
}

/** Encodes a model. */
export function encodeSmallModel(model: SmallModel): Uint8Array<ArrayBuffer> {
  const graph = create(GraphProtoSchema, {
    name: "graph",
    input: Object.entries(model.inputs).map(([name, type]) => valueInfo(name, type)),
    output: Object.entries(model.outputs).map(([name, type]) => valueInfo(name, type)),
    initializer: Object.entries(model.initializers ?? {}).map(([name, value]) =>
      initializer(name, value)
    ),
    node: model.nodes.map((node, i) =>
      create(NodeProtoSchema, {
        name: `${node.op}_${i}`,
        opType: node.op,
        input: [...node.inputs],
        output: [...node.outputs],
        attribute: Object.entries(node.attributes ?? {}).map(([name, value]) =>
          attribute(name, value)
        ),
      })
    ),
  });
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 10n,
      opsetImport: [{ domain: "", version: 21n }],
      graph,
    }),
  ) as Uint8Array<ArrayBuffer>;
}

/** `w_new = w - rate * gradient`. */
export function sgdModel(shape: readonly number[]): Uint8Array<ArrayBuffer> {
  return encodeSmallModel({
    inputs: {
      w: { dtype: "float32", shape },
      gradient: { dtype: "float32", shape },
      rate: { dtype: "float32", shape: [] },
    },
    outputs: { w_new: { dtype: "float32", shape } },
    nodes: [
      { op: "Mul", inputs: ["rate", "gradient"], outputs: ["step"] },
      { op: "Sub", inputs: ["w", "step"], outputs: ["w_new"] },
    ],
  });
}

/** `y = Identity(x)`. */
export function identityModel(type: OpenType): Uint8Array<ArrayBuffer> {
  return encodeSmallModel({
    inputs: { x: type },
    outputs: { y: type },
    nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }],
  });
}
