/**
 * Attributes of nodes in the ONNX format.
 *
 * @module
 */
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  create,
} from "../../deps/protobuf.ts";
import type { OnnxAttribute } from "../graph/op.ts";
import { elementNumber } from "./element_types.ts";

/** An attribute of a node. */
export function encodeAttribute(name: string, attribute: OnnxAttribute): AttributeProto {
  if ("int" in attribute) {
    return create(AttributeProtoSchema, {
      name,
      type: AttributeProto_AttributeType.INT,
      i: BigInt(attribute.int),
    });
  }
  if ("dtype" in attribute) {
    return create(AttributeProtoSchema, {
      name,
      type: AttributeProto_AttributeType.INT,
      i: BigInt(elementNumber(attribute.dtype)),
    });
  }
  if ("float" in attribute) {
    return create(AttributeProtoSchema, {
      name,
      type: AttributeProto_AttributeType.FLOAT,
      f: attribute.float,
    });
  }
  if ("string" in attribute) {
    return create(AttributeProtoSchema, {
      name,
      type: AttributeProto_AttributeType.STRING,
      s: new TextEncoder().encode(attribute.string),
    });
  }
  if ("ints" in attribute) {
    return create(AttributeProtoSchema, {
      name,
      type: AttributeProto_AttributeType.INTS,
      ints: attribute.ints.map(BigInt),
    });
  }
  return create(AttributeProtoSchema, {
    name,
    type: AttributeProto_AttributeType.FLOATS,
    floats: [...attribute.floats],
  });
}
