import { assertEquals } from "@std/assert";
import { lend } from "../../core/distributed/lent_data.ts";
import { float32 } from "../../core/engine/graph/tensor.ts";
import { DeviceTensor } from "../../core/engine/ort/mod.ts";
import { WEBGPU, WITHOUT_WEBGPU } from "./webgpu_device.ts";

Deno.test({
  name: `lend() takes a tensor on WebGPU to the host and back${WITHOUT_WEBGPU.why}`,
  ignore: WITHOUT_WEBGPU.ignore,
  async fn() {
    using held = DeviceTensor.from(float32([3], [1, 2, 3]), WEBGPU);
    const seen: unknown[] = [];
    const negate = (access: "read" | "write" | "change") =>
      lend(held, { access, takesCuda: true }, (memory, elements) => {
        const values = elements as Float32Array;
        seen.push([memory.element, memory.length, ...values]);
        for (let i = 0; i < values.length; i++) values[i] = -1 - values[i]!;
        return Promise.resolve();
      });
    await negate("change");
    assertEquals([...held.read().data], [-2, -3, -4]);
    // What is only read is not written back.
    await negate("read");
    assertEquals([...held.read().data], [-2, -3, -4]);
    // What is only written is not fetched before.
    await negate("write");
    assertEquals([...held.read().data], [-1, -1, -1]);
    assertEquals(seen, [
      ["float32", 3, 1, 2, 3],
      ["float32", 3, -2, -3, -4],
      ["float32", 3, 0, 0, 0],
    ]);
  },
});
