/**
 * The one model that no graph describes, because it takes any length.
 *
 * @module
 */
import { create, GraphProtoSchema, ModelProtoSchema, toBinary } from "../../deps/protobuf.ts";
import type { DType } from "../graph/dtype.ts";
import { elementNumber } from "./element_types.ts";

/** Older than what graphs are written in: for long, CUDA's newest kernel of Identity was that of opset 19. */
const OPSET = 19n;
const IR_VERSION = 9n;

/** Encodes `y = Identity(x)` on vectors of any length. */
export function encodeCopyModel(dtype: DType): Uint8Array<ArrayBuffer> {
  const vector = (name: string) => ({
    name,
    type: {
      value: {
        case: "tensorType" as const,
        value: {
          elemType: elementNumber(dtype),
          shape: { dim: [{ value: { case: "dimParam" as const, value: "n" } }] },
        },
      },
    },
  });
  const graph = create(GraphProtoSchema, {
    name: "copy",
    input: [vector("x")],
    output: [vector("y")],
    node: [{ opType: "Identity", input: ["x"], output: ["y"] }],
  });
  const opsetImport = [{ domain: "", version: OPSET }];
  const model = create(ModelProtoSchema, { irVersion: IR_VERSION, opsetImport, graph });
  return toBinary(ModelProtoSchema, model) as Uint8Array<ArrayBuffer>;
}
