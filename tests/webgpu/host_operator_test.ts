import { assertEquals } from "@std/assert";
import { withTarget } from "../../core/engine/graph/mod.ts";
import { float32 } from "../../core/engine/graph/tensor.ts";
import { input } from "../../core/engine/graph/value.ts";
import { encodeModel } from "../../core/engine/onnx/mod.ts";
import { add, allGather, allReduce, mul } from "../../core/engine/ops/mod.ts";
import { DeviceTensor, Session } from "../../core/engine/ort/mod.ts";
import { TWIN_OPERATORS, TWINS } from "../core/engine/twin_ranks.ts";
import { WEBGPU, WITHOUT_WEBGPU } from "./webgpu_device.ts";

Deno.test({
  name: `operators of the host stand in the middle of a graph on WebGPU${WITHOUT_WEBGPU.why}`,
  ignore: WITHOUT_WEBGPU.ignore,
  async fn() {
    const model = withTarget({ ranks: TWINS, provider: "webgpu" }, () => {
      const doubled = mul(input("x", "float32", [2, 2]), 2);
      return encodeModel({
        outputs: { y: add(allReduce(doubled), 1), z: mul(allGather(doubled), 3) },
      });
    });
    using session = await Session.create(model, { operators: TWIN_OPERATORS, device: WEBGPU });
    using x = DeviceTensor.from(float32([2, 2], [1, 2, 3, 4]), WEBGPU);
    using y = DeviceTensor.empty({ dtype: "float32", shape: [2, 2] }, WEBGPU);
    using z = DeviceTensor.empty({ dtype: "float32", shape: [4, 2] }, WEBGPU);
    using binding = session.bind({ x }, { y, z });
    for (let run = 0; run < 3; run++) {
      x.write(float32([2, 2], [1, 2, 3, run]));
      await binding.run();
      assertEquals([...y.read().data], [5, 9, 13, 4 * run + 1]);
      assertEquals([...z.read().data], [6, 12, 18, 6 * run, 6, 12, 18, 6 * run]);
    }
  },
});
