/**
 * What a model computes, as plain data: its nodes, and the type of everything that they read and make.
 *
 * @module
 */
import {
  AttributeProtoSchema,
  fromBinary,
  ModelProtoSchema,
  type NodeProto,
  toBinary,
  type ValueInfoProto,
} from "../../deps/protobuf.ts";
import { byteSize } from "../graph/dtype.ts";
import { elementCount, type Shape } from "../graph/shape.ts";
import { elementType } from "./element_types.ts";

/** A node of a model. */
export interface TracedNode {
  /** Operator, as in `Conv`. */
  readonly type: string;
  /** The same for nodes that do the same with what they read. */
  readonly does: string;
  /** What it reads, by name; empty where an optional input is left out. */
  readonly inputs: readonly string[];
  /** What it makes, by name. */
  readonly outputs: readonly string[];
}

/** A tensor of a model. */
export interface TracedTensor {
  /** Lengths of its axes. */
  readonly shape: Shape;
  /** Bytes of its elements. */
  readonly bytes: number;
}

/** What a model computes. */
export interface ModelTrace {
  /** Bytes of the model without the types of what nodes make. */
  readonly bytes: number;
  /** The nodes in the model's order, each after those it reads. */
  readonly nodes: readonly TracedNode[];
  /** The tensors that are fed, fixed or made, by name. */
  readonly tensors: ReadonlyMap<string, TracedTensor>;
  /** Names of the tensors that are fed. */
  readonly inputs: ReadonlySet<string>;
  /** Names of the tensors that are fetched. */
  readonly outputs: ReadonlySet<string>;
  /** Names of the tensors that are fixed in the model. */
  readonly constants: ReadonlySet<string>;
}

function tracedTensor(shape: Shape, elementNumber: number): TracedTensor {
  return { shape, bytes: elementCount(shape) * byteSize(elementType(elementNumber)!) };
}

function declared({ name, type }: ValueInfoProto): [string, TracedTensor] {
  if (type?.value.case !== "tensorType") throw new Error(`Internal: "${name}" is no tensor`);
  const { elemType, shape } = type.value.value;
  const lengths = shape!.dim.map(({ value }) => Number(value.value));
  return [name, tracedTensor(lengths, elemType)];
}

function doing({ domain, opType, attribute }: NodeProto): string {
  const attributes = attribute.map((value) => toBinary(AttributeProtoSchema, value).join());
  return [domain, opType, ...attributes.sort()].join(" ");
}

/**
 * Reads what a model computes.
 *
 * @param model bytes that `encodeModel` made with option `typed`
 */
export function traceModel(model: Uint8Array<ArrayBuffer>): ModelTrace {
  const proto = fromBinary(ModelProtoSchema, model);
  const { node, input, output, initializer, valueInfo } = proto.graph!;
  proto.graph!.valueInfo = [];
  return {
    bytes: toBinary(ModelProtoSchema, proto).length,
    nodes: node.map((node) => ({
      type: node.opType,
      does: doing(node),
      inputs: node.input,
      outputs: node.output,
    })),
    tensors: new Map([
      ...[...input, ...valueInfo, ...output].map(declared),
      ...initializer.map(({ name, dims, dataType }): [string, TracedTensor] => [
        name,
        tracedTensor(dims.map(Number), dataType),
      ]),
    ]),
    inputs: new Set(input.map(({ name }) => name)),
    outputs: new Set(output.map(({ name }) => name)),
    constants: new Set(initializer.map(({ name }) => name)),
  };
}
