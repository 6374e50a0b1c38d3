import type { Tensor } from "../../core/engine/graph/tensor.ts";
import type { Value } from "../../core/engine/graph/value.ts";
import { encodeModel } from "../../core/engine/onnx/encode_model.ts";
import { Session } from "../../core/engine/ort/mod.ts";
import { CASES } from "../core/engine/ops/pytorch_cases.ts";
import { checkGolden } from "../core/engine/ops/pytorch_golden.ts";
import { WEBGPU, WITHOUT_WEBGPU } from "./webgpu_device.ts";

/** Runs a graph with every node on WebGPU. */
async function runOnWebGpu(
  outputs: Readonly<Record<string, Value>>,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  using session = await Session.create(encodeModel({ outputs }), { device: WEBGPU, strict: true });
  return await session.run(feeds);
}

/** Cases that are less exact, by the largest error: WebGPU leaves to drivers how exact these are. */
const INEXACT: Readonly<Record<string, number>> = { sin: 5e-4, cos: 5e-4 };

for (const [name, build] of Object.entries(CASES)) {
  Deno.test({
    name: `${name} has the output and the gradients of PyTorch on WebGPU${WITHOUT_WEBGPU.why}`,
    ignore: WITHOUT_WEBGPU.ignore,
    fn: () =>
      checkGolden(name, build, {
        precision: "float32",
        target: { provider: "webgpu" },
        run: runOnWebGpu,
        tolerance: INEXACT[name] ?? 2e-5,
      }),
  });
}
