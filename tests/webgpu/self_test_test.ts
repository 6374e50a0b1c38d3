import { assert, assertEquals } from "@std/assert";
import { testOperators } from "../../core/engine/ort/self_test/test_operators.ts";
import { vulkanDevices } from "../../core/engine/ort/vulkan_devices.ts";
import { WEBGPU, WITHOUT_WEBGPU } from "./webgpu_device.ts";

Deno.test({
  name: `testOperators() finds nothing wrong with what is written for WebGPU${WITHOUT_WEBGPU.why}`,
  ignore: WITHOUT_WEBGPU.ignore,
  fn: async () => assertEquals(await testOperators(WEBGPU), []),
});

Deno.test({
  name: `testOperators() finds WebGPU's own kernels wrong${WITHOUT_WEBGPU.why}`,
  // Whether a kernel keeps NaN is the driver's choice; SwiftShader's is known.
  ignore: WITHOUT_WEBGPU.ignore || !vulkanDevices().some(({ software }) => software),
  async fn() {
    // Where one is no longer among them, its formulation may go.
    assertEquals((await testOperators(WEBGPU, {})).map(({ name }) => name), [
      "Conv padded at the ends alone",
      "ConvTranspose in groups of one output",
      "MaxPool",
      "Slice backwards",
      "Relu of NaN",
      "Clip of NaN",
    ]);
  },
});

Deno.test({
  name: `vulkanDevices() knows a driver in software${WITHOUT_WEBGPU.why}`,
  ignore: WITHOUT_WEBGPU.ignore || Deno.build.os !== "linux",
  fn() {
    const devices = vulkanDevices();
    assert(devices.length > 0);
    for (const { name, software } of devices) {
      assertEquals(software, /swiftshader|llvmpipe|lavapipe/i.test(name), name);
    }
  },
});
