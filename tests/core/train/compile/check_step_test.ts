import { assertEquals, assertThrows } from "@std/assert";
import {
  AttributeProto_AttributeType,
  fromBinary,
  type ModelProto,
  ModelProtoSchema,
  TensorProto_DataLocation,
  toBinary,
} from "../../../../core/deps/protobuf.ts";
import { checkMethod } from "../../../../core/method/load.ts";
import { checkMethodStep } from "../../../../core/train/compile/check_step.ts";
import { compileMethodStep } from "../../../../core/train/compile/compile_method.ts";
import simsiam from "../../../../plugins/simsiam/mod.ts";
import { smallRequest } from "./written_plugin.ts";

const options = { projectorWidth: 16, projectorLayers: 1, predictorWidth: 8 };
const method = checkMethod(simsiam, "simsiam");
const action = 'build method "mine"';

/** A step, whole or by micro-batches, and what it was compiled for; a copy for each test. */
function stepOf(deviceBatchSize = 0) {
  const request = smallRequest({ options, deviceBatchSize });
  return { request, step: structuredClone(compileMethodStep(method, request)) as Mutable };
}

// deno-lint-ignore no-explicit-any
type Mutable = any;

Deno.test("checkMethodStep() takes the steps that a method is compiled to", () => {
  for (const size of [0, 2]) {
    const { request, step } = stepOf(size);
    assertEquals(checkMethodStep(step, request, action), compileMethodStep(method, request));
  }
});

/** A step whose tensors are packed, as for a device. */
function packedStep() {
  const request = { ...smallRequest({ options }), tuning: { provider: "cuda" as const } };
  return { request, step: structuredClone(compileMethodStep(method, request)) as Mutable };
}

Deno.test("checkMethodStep() takes packs that lie as their tensors make them", () => {
  const { request, step } = packedStep();
  assertEquals(checkMethodStep(step, request, action), compileMethodStep(method, request));
});

for (
  const [what, change] of [
    ["in the memory of another", (pack) => pack.members[1].offset = 0],
    ["beyond their end", (pack) => pack.length -= 64],
    ["in more memory than they take", (pack) => pack.length += 1 << 30],
    ["that a step has not", (pack) => pack.members[0].name = "other"],
    ["of another element type", (pack) => pack.dtype = "float64"],
    ["in pieces of next to nothing", (pack) => pack.pieceLength = 1],
    ["twice", (pack) => pack.members[1] = pack.members[0]],
  ] as readonly (readonly [string, (pack: Mutable) => void])[]
) {
  Deno.test(`checkMethodStep() refuses packed tensors ${what}`, () => {
    const { request, step } = packedStep();
    change(step.built.packs[0]);
    assertThrows(() => checkMethodStep(step, request, action), TypeError, "Cannot build method");
  });
}

for (
  const [what, change, words] of [
    ["no step", () => null, "must be bytes"],
    [
      "models that are no bytes",
      (step) => ({ ...step, built: { ...step.built, update: "x" } }),
      "must be bytes",
    ],
    [
      "bytes that others share",
      (step) => {
        step.built.update = new Uint8Array(new SharedArrayBuffer(8));
        return step;
      },
      "must be bytes",
    ],
    ["more than a step has", (step) => ({ ...step, extra: 1 }), "extra"],
    ["another number of views", (step) => ({ ...step, views: 3 }), "the number of views"],
    [
      "another batch",
      (step) => {
        step.built.batch[0].shape[0] = 1e9;
        return step;
      },
      "the batch",
    ],
    [
      "a tensor of a name that objects have",
      (step) => {
        step.built.state[0].name = "__proto__";
        return step;
      },
      "name",
    ],
    [
      "two tensors of one name",
      (step) => {
        step.built.state[1].name = step.built.state[0].name;
        return step;
      },
      "names of their own",
    ],
    [
      "a tensor of another shape than the models'",
      (step) => {
        step.built.state[0].shape = [1];
        return step;
      },
      "of a model must be",
    ],
    [
      "a shown output that is no scalar",
      (step) => {
        step.built.outputs[0].shape = [1e9];
        return step;
      },
      'the shape of "loss"',
    ],
    [
      "gradients that no model makes",
      (step) => {
        step.built.passed.push({ name: "gradient.more", dtype: "float32", shape: [] });
        return step;
      },
      "what the first model makes",
    ],
  ] as readonly (readonly [string, (step: Mutable) => unknown, string])[]
) {
  Deno.test(`checkMethodStep() refuses ${what}`, () => {
    const { request, step } = stepOf();
    assertThrows(() => checkMethodStep(change(step), request, action), TypeError, words);
  });
}

for (
  const [what, change, words] of [
    [
      "a tensor in a file",
      ({ graph }) => {
        graph!.initializer[0]!.dataLocation = TensorProto_DataLocation.EXTERNAL;
      },
      "fixed tensors must lie inside the model",
    ],
    [
      "an operator that opens files",
      ({ graph }) => {
        graph!.node[0]!.domain = "com.microsoft";
        graph!.node[0]!.opType = "EPContext";
      },
      "found com.microsoft.EPContext",
    ],
    [
      "an operator of another domain",
      ({ graph }) => {
        graph!.node[0]!.domain = "ai.onnx.contrib";
      },
      "a model must be made of operators that graphs have",
    ],
    [
      "a graph within",
      ({ graph }) => {
        const attribute = graph!.node.flatMap((node) => node.attribute)[0]!;
        attribute.type = AttributeProto_AttributeType.GRAPH;
      },
      "attributes must be numbers or texts",
    ],
    [
      "a tensor of fewer bytes than its type has",
      ({ graph }) => {
        graph!.initializer[0]!.rawData = new Uint8Array(1);
      },
      "fixed tensors must have the bytes of their type",
    ],
    [
      "an input that is not declared",
      ({ graph }) => {
        graph!.input[0]!.name = "more";
      },
      '"more" of a model must be declared',
    ],
    [
      "two outputs of one name",
      ({ graph }) => {
        graph!.output.push(graph!.output[0]!);
      },
      "names of their own",
    ],
  ] as readonly (readonly [string, (model: ModelProto) => void, string])[]
) {
  Deno.test(`checkMethodStep() refuses a model with ${what}`, () => {
    for (const name of ["gradients", "update"]) {
      const { request, step } = stepOf();
      const model = fromBinary(ModelProtoSchema, step.built[name]);
      change(model);
      step.built[name] = toBinary(ModelProtoSchema, model);
      assertThrows(() => checkMethodStep(step, request, action), TypeError, words);
    }
  });
}
