import { assert, assertEquals, assertRejects } from "@std/assert";
import { openRankPlacement } from "../../core/distributed/mod.ts";
import {
  openDevice,
  testOperators,
  trustDevice,
  type WrongOperator,
} from "../../core/engine/ort/mod.ts";
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
  name:
    `openDevice() and openRankPlacement() refuse WebGPU by what a test that is under way finds wrong${WITHOUT_WEBGPU.why}`,
  ignore: WITHOUT_WEBGPU.ignore,
  async fn() {
    const { promise, resolve } = Promise.withResolvers<WrongOperator[]>();
    const asked = { device: "webgpu", providerOption: [], threads: 0 };
    const opened = [
      trustDevice(WEBGPU, { hardware: undefined, test: () => promise }),
      openDevice("webgpu"),
      openRankPlacement(asked, undefined),
      openRankPlacement(asked, { localRank: 1, localSize: 2 }),
    ].map((opening) =>
      assertRejects(
        () => opening,
        Error,
        "Cannot use webgpu: it must compute as the CPU does, found wrong: Slice backwards (off by 1 of 2)",
      )
    );
    resolve([{ name: "Slice backwards", fault: "off by 1 of 2" }]);
    await Promise.all(opened);
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
