import { assertAlmostEquals, assertEquals } from "@std/assert";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { encodeModel } from "../../../../core/engine/onnx/mod.ts";
import { movingAverage } from "../../../../core/engine/optim/moving_average.ts";
import { Session } from "../../../../core/engine/ort/mod.ts";

Deno.test("movingAverage() weighs the new value by the momentum", async () => {
  const average = input("average", "float32", [2]);
  const value = input("value", "float32", [2]);
  const y = movingAverage(average, value, input("momentum", "float32", []));
  using session = await Session.create(encodeModel({ outputs: { y } }));
  const at = async (momentum: number) => {
    const result = await session.run({
      average: float32([2], [1e8, 2]),
      value: float32([2], [0.1, 4]),
      momentum: float32([], [momentum]),
    });
    return result["y"]!.data as Float32Array;
  };
  assertAlmostEquals((await at(0.25))[1]!, 2.5, 1e-6);
  assertEquals(await at(1), Float32Array.of(0.1, 4));
  assertEquals(await at(0), Float32Array.of(1e8, 2));
});
