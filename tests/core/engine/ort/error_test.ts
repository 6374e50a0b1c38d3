import { assertEquals, assertRejects } from "@std/assert";
import { OrtError } from "../../../../core/engine/ort/error.ts";
import { Session } from "../../../../core/engine/ort/session.ts";
import { encodeSmallModel } from "./small_models.ts";

Deno.test("OrtError says what was done, what ONNX Runtime says, and its code", async () => {
  const error = await assertRejects(() => Session.create(Uint8Array.of(1, 2, 3)), OrtError);
  assertEquals(error.code, "INVALID_PROTOBUF");
  assertEquals(error.name, "OrtError");
  assertEquals(
    error.message,
    "Cannot load the model: Failed to load model because protobuf parsing failed.",
  );
});

Deno.test("OrtError names the file that is not there", async () => {
  const error = await assertRejects(
    () => Session.create("/nowhere/model.onnx"),
    OrtError,
    'Cannot load the model "/nowhere/model.onnx": ',
  );
  assertEquals(error.code, "NO_SUCHFILE");
});

Deno.test("OrtError tells of an operator that does not exist", async () => {
  const model = encodeSmallModel({
    inputs: { x: { dtype: "float32", shape: [2] } },
    outputs: { y: { dtype: "float32", shape: [2] } },
    nodes: [{ op: "Frobnicate", inputs: ["x"], outputs: ["y"] }],
  });
  await assertRejects(() => Session.create(model), OrtError, "Frobnicate");
});
