import { assertEquals } from "@std/assert";
import { input } from "../../../../core/engine/graph/value.ts";
import { encodeModel, traceModel } from "../../../../core/engine/onnx/mod.ts";
import { add } from "../../../../core/engine/ops/add.ts";
import { transpose } from "../../../../core/engine/ops/transpose.ts";

Deno.test("traceModel() gives nodes with what they do, and the type of everything", () => {
  const x = input("x", "float32", [2, 3, 1]);
  const outputs = { y: add(transpose(x, [1, 0, 2]), 1), z: transpose(x, [0, 2, 1]) };
  const typed = encodeModel({ outputs, typed: true });
  const trace = traceModel(typed);
  assertEquals(trace.nodes.map(({ type }) => type).sort(), ["Add", "Transpose", "Transpose"]);
  const [first, second] = trace.nodes.filter(({ type }) => type === "Transpose");
  assertEquals(first!.does === second!.does, false);
  assertEquals(trace.tensors.get("x"), { shape: [2, 3, 1], bytes: 24 });
  assertEquals(trace.tensors.get(first!.outputs[0]!)!.shape.length, 3);
  assertEquals(trace.tensors.get("y"), { shape: [3, 2, 1], bytes: 24 });
  assertEquals([[...trace.inputs], [...trace.outputs], trace.constants.size], [
    ["x"],
    ["y", "z"],
    1,
  ]);
  const plain = encodeModel({ outputs });
  assertEquals(trace.bytes, plain.length);
  assertEquals(typed.length > plain.length, true);
});
