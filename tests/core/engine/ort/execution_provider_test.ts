import { assertEquals, assertRejects } from "@std/assert";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { checkDevice } from "../../../../core/engine/ort/resolve_device.ts";
import { OrtError } from "../../../../core/engine/ort/error.ts";
import { Session } from "../../../../core/engine/ort/session.ts";
import { sgdModel } from "./small_models.ts";

for (const provider of ["cuda", "webgpu"] as const) {
  const device = { provider, index: 0 };
  const { usable } = checkDevice(device);

  Deno.test({
    name: `appendProvider() fails for ${provider} where it cannot be used, without a fallback`,
    ignore: usable,
    async fn() {
      await assertRejects(() => Session.create(sgdModel([2]), { device }), OrtError);
    },
  });
}

Deno.test({
  name: "appendProvider() hands options to CUDA, which refuses what it does not know",
  ignore: !checkDevice({ provider: "cuda", index: 0 }).usable,
  async fn() {
    const cuda = { provider: "cuda", index: 0 } as const;
    using session = await Session.create(sgdModel([2]), {
      device: { ...cuda, options: { use_tf32: "0", cudnn_conv_algo_search: "HEURISTIC" } },
    });
    const feeds = {
      w: float32([2], [1, 1]),
      gradient: float32([2], [2, 4]),
      rate: float32([], [0.5]),
    };
    assertEquals(await session.run(feeds), { w_new: float32([2], [0, -1]) });
    const device = { ...cuda, options: { no_such_option: "1" } };
    await assertRejects(
      () => Session.create(sgdModel([2]), { device }),
      OrtError,
      "no_such_option",
    );
  },
});
