import { assertEquals } from "@std/assert";
import { tensor, zeros } from "../../../../core/engine/graph/tensor.ts";
import { encodeCopyModel } from "../../../../core/engine/onnx/mod.ts";
import { Session } from "../../../../core/engine/ort/mod.ts";

Deno.test("encodeCopyModel() copies vectors of any length", async () => {
  using session = await Session.create(encodeCopyModel("int32"), { threads: 1 });
  assertEquals(session.inputs, [{ name: "x", dtype: "int32", shape: [-1] }]);
  for (const x of [zeros("int32", [0]), tensor("int32", [3], Int32Array.of(1, -2, 3))]) {
    assertEquals(await session.run({ x }), { y: x });
  }
});
