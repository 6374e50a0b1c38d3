import { assert, assertEquals } from "@std/assert";
import { withTarget } from "../../../../core/engine/graph/target.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { encodeModel, traceModel } from "../../../../core/engine/onnx/mod.ts";
import { Session } from "../../../../core/engine/ort/mod.ts";
import { upsampleSmall } from "../../../../core/unclip/networks/upsample.ts";
import { hashedParameter, hashedTensor } from "../../engine/nn/hashed_values.ts";
import { relativeError } from "../relative_error.ts";

const SHAPE = [2, 8, 3, 5];

/** The model of an upsampled map. */
function modelOf(size: readonly [number, number], fixedWeights: boolean) {
  return withTarget({ provider: "cpu", fixedWeights }, () => {
    const scope = new Scope();
    const y = upsampleSmall(scope, input("x", "float32", SHAPE), size);
    const initializers = new Map(
      [...scope.declarations].map((
        [name, { value }],
      ) => [name, hashedParameter(name, value.shape)]),
    );
    return encodeModel({ outputs: { y }, initializers, typed: true });
  });
}

/** Sizes of the kernels of its convolutions. */
function kernels(model: Uint8Array<ArrayBuffer>): string[] {
  const { nodes, tensors } = traceModel(model);
  return nodes.filter(({ type }) => type === "Conv")
    .map(({ inputs }) => tensors.get(inputs[1]!)!.shape.slice(2).join("x"));
}

Deno.test("upsampleSmall() to twice the size convolves the map itself where weights are fixed, to the same numbers", async () => {
  const x = hashedTensor("x", SHAPE);
  const models = [false, true].map((fixed) => modelOf([6, 10], fixed));
  assertEquals(models.map(kernels), [["3x3"], ["2x2", "2x2", "2x2", "2x2"]]);
  const outputs = [];
  for (const model of models) {
    using session = await Session.create(model, { threads: 1 });
    const { y } = await session.run({ x });
    assertEquals(y!.shape, [2, 8, 6, 10]);
    outputs.push(y!);
  }
  const error = relativeError(outputs[1]!, outputs[0]!);
  assert(error <= 1e-6, `differs by ${error} of the largest`);
});

Deno.test("upsampleSmall() to other sizes than the double resizes the map", () => {
  assertEquals(kernels(modelOf([5, 10], true)), ["3x3"]);
});
