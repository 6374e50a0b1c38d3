/**
 * Whether a model is one that this library could have encoded: what a model from elsewhere is held against before ONNX
 * Runtime reads it.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import {
  AttributeProto_AttributeType as AttributeType,
  fromBinary,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  TensorProto_DataLocation,
  type ValueInfoProto,
} from "../../deps/protobuf.ts";
import { byteSize } from "../graph/dtype.ts";
import { elementCount } from "../graph/shape.ts";
import { formatType, sameType, type TensorType } from "../graph/tensor.ts";
import { elementType } from "./element_types.ts";
import { HOST_DOMAIN } from "../ops/_collective.ts";
import { MICROSOFT_DOMAIN } from "./opset.ts";

/** Operators outside of the ONNX standard that graphs are encoded with; others of these domains open files. */
const FURTHER_OPERATORS: Readonly<Record<string, readonly string[]>> = {
  [HOST_DOMAIN]: ["AllReduce", "AllGather", "ReduceScatter", "OwnRows"],
  [MICROSOFT_DOMAIN]: ["FusedMatMul", "MultiHeadAttention"],
  "com.microsoft.nchwc": ["Conv", "GlobalAveragePool", "ReorderInput", "ReorderOutput"],
};

const ATTRIBUTES: ReadonlySet<AttributeType> = new Set([
  AttributeType.INT,
  AttributeType.INTS,
  AttributeType.FLOAT,
  AttributeType.FLOATS,
  AttributeType.STRING,
]);

/** What a model must read and make. */
export interface ModelTypes {
  /** Types of the inputs that it may have, by name. */
  readonly inputs: ReadonlyMap<string, TensorType>;
  /** Types of the outputs that it may have, by name. */
  readonly outputs: ReadonlyMap<string, TensorType>;
}

function refuse(action: string, rule: string, found: string): never {
  throw new GenviewTypeError(`Cannot ${action}: ${rule}, found ${found}`);
}

function parse(bytes: Uint8Array, action: string): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new GenviewTypeError(`Cannot ${action}: a model must be of the ONNX format`, { cause });
  }
}

function typeOf({ name, type }: ValueInfoProto, action: string): TensorType {
  const of = type?.value.case === "tensorType" ? type.value.value : undefined;
  const dtype = of === undefined ? undefined : elementType(of.elemType);
  const shape = (of?.shape?.dim ?? []).map(({ value }) =>
    value.case === "dimValue" ? Number(value.value) : -1
  );
  if (dtype !== undefined && shape.every((length) => length >= 0)) return { dtype, shape };
  return refuse(action, `"${name}" of a model must be a tensor of known type and shape`, "another");
}

function checkNode({ domain, opType, attribute }: NodeProto, action: string): void {
  const further = Object.hasOwn(FURTHER_OPERATORS, domain) ? FURTHER_OPERATORS[domain]! : undefined;
  if (domain !== "" && !further?.includes(opType)) {
    refuse(action, "a model must be made of operators that graphs have", `${domain}.${opType}`);
  }
  for (const { name, type } of attribute) {
    if (ATTRIBUTES.has(type)) continue;
    refuse(action, "attributes must be numbers or texts", `"${name}" of ${opType}`);
  }
}

function checkFixed(
  { name, dims, dataType, dataLocation, externalData, rawData }: TensorProto,
  action: string,
): void {
  if (dataLocation !== TensorProto_DataLocation.DEFAULT || externalData.length > 0) {
    refuse(action, "fixed tensors must lie inside the model", `"${name}" in a file`);
  }
  const dtype = elementType(dataType);
  const width = dtype === undefined ? 0 : byteSize(dtype);
  if (rawData.length === width * elementCount(dims.map(Number)) && width > 0) return;
  refuse(action, "fixed tensors must have the bytes of their type", `"${name}"`);
}

function checkTypes(
  values: readonly ValueInfoProto[],
  expected: ReadonlyMap<string, TensorType>,
  action: string,
): void {
  for (const value of values) {
    const type = typeOf(value, action);
    const known = expected.get(value.name);
    if (known !== undefined && sameType(known, type)) continue;
    refuse(
      action,
      `"${value.name}" of a model must be ${known === undefined ? "declared" : formatType(known)}`,
      formatType(type),
    );
  }
}

/**
 * Checks that a model reads no file, is made of the operators of this library's graphs alone, and reads and makes what
 * it is said to.
 *
 * @param action what cannot be done with another model, such as `build method "mine"`
 * @returns names of its outputs
 * @throws {TypeError} if it is not
 */
export function checkModel(
  bytes: Uint8Array,
  types: ModelTypes,
  action: string,
): ReadonlySet<string> {
  const { graph, functions, trainingInfo } = parse(bytes, action);
  if (graph === undefined || functions.length > 0 || trainingInfo.length > 0) {
    return refuse(action, "a model must be one graph and nothing else", "another");
  }
  if (graph.sparseInitializer.length > 0) {
    refuse(action, "fixed tensors must be dense", "sparse ones");
  }
  for (const node of graph.node) checkNode(node, action);
  for (const tensor of graph.initializer) checkFixed(tensor, action);
  checkTypes(graph.input, types.inputs, action);
  checkTypes(graph.output, types.outputs, action);
  const made = new Set(graph.output.map(({ name }) => name));
  if (made.size === graph.output.length) return made;
  return refuse(action, "outputs of a model must have names of their own", "two of one name");
}
