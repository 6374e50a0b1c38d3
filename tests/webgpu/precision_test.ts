import { assertStringIncludes } from "@std/assert";
import { GenviewTypeError } from "../../core/errors/mod.ts";
import { checkDevicePrecision } from "../../core/train/run/run_precision.ts";
import { WEBGPU, WITHOUT_WEBGPU } from "./webgpu_device.ts";

Deno.test({
  name: `float16 is refused on a driver of WebGPU without shader-f16${WITHOUT_WEBGPU.why}`,
  ignore: WITHOUT_WEBGPU.ignore,
  fn: async () => {
    await checkDevicePrecision("float32", WEBGPU);
    try {
      await checkDevicePrecision("float16", WEBGPU);
    } catch (error) {
      // SwiftShader has not got it, most GPUs have.
      if (!(error instanceof GenviewTypeError)) throw error;
      assertStringIncludes(error.message, "the GPU must have WebGPU's feature shader-f16, found");
    }
  },
});
