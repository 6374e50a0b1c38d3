import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CPU, parseDevice } from "../../../../core/engine/ort/device.ts";
import {
  checkDevice,
  explainFailure,
  resolveDevice,
} from "../../../../core/engine/ort/resolve_device.ts";
import { vulkanDevices } from "../../../../core/engine/ort/vulkan_devices.ts";
import { leftOut } from "../../../left_out.ts";

Deno.test("resolveDevice() gives the CPU when asked for it", () => {
  assertEquals(resolveDevice("cpu"), CPU);
});

const cuda = checkDevice({ provider: "cuda", index: 0 });
const isInSoftware = Deno.build.os !== "darwin" &&
  vulkanDevices().every(({ software }) => software);

Deno.test({
  name: `resolveDevice() with auto gives CUDA's first device where it can be used${leftOut(cuda)}`,
  ignore: !cuda.usable,
  fn: () => assertEquals(resolveDevice("auto"), { provider: "cuda", index: 0 }),
});

Deno.test({
  name: "resolveDevice() with auto gives WebGPU on a GPU without CUDA",
  ignore: cuda.usable || isInSoftware || !checkDevice({ provider: "webgpu", index: 0 }).usable,
  fn: () => assertEquals(resolveDevice("auto"), { provider: "webgpu", index: 0 }),
});

Deno.test({
  name:
    "resolveDevice() with auto gives the CPU where there is no GPU, though a driver in software can be used",
  ignore: cuda.usable || !isInSoftware,
  fn: () => assertEquals(resolveDevice("auto"), CPU),
});

Deno.test("resolveDevice() agrees with checkDevice(), and says why and what to install", () => {
  for (const text of ["cuda:0", "cuda:900", "webgpu"]) {
    const device = parseDevice(text);
    assert(device !== "auto");
    const check = checkDevice(device);
    if (check.usable) {
      assertEquals(resolveDevice(text), device);
    } else {
      const { message } = assertThrows(() => resolveDevice(text), TypeError, `Cannot use ${text}:`);
      assert(check.reason.length > 10 && check.advice.length > 10);
      assert(message.includes(check.reason) && message.includes(check.advice));
      assert(!check.reason.includes("onnxruntime_src"), "the place in ORT's source is left out");
    }
  }
});

Deno.test("checkDevice() finds no CUDA device number 900", () => {
  assert(!checkDevice({ provider: "cuda", index: 900 }).usable);
});

const BRIDGE =
  "Cannot set options of CUDA: /onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:1988 " +
  "onnxruntime::Provider& onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : ";

Deno.test("explainFailure() tells a missing provider from a missing part of CUDA and a missing driver", () => {
  const cases = [
    ["/x/libonnxruntime_providers_shared.so", "deno task cuda install"],
    ["libcurand.so.10", "libcurand.so.10"],
    ["libcuda.so.1", "install an NVIDIA driver"],
  ] as const;
  for (const [file, advice] of cases) {
    const reason = "Failed to load library /x/libonnxruntime_providers_cuda.so with error: " +
      `${file}: cannot open shared object file: No such file or directory`;
    const explained = explainFailure("cuda", `${BRIDGE}${reason}\n`);
    assertEquals(explained.reason, reason);
    assertStringIncludes(explained.advice, advice);
  }
});

Deno.test("explainFailure() blames the driver when CUDA finds no device", () => {
  const { reason, advice } = explainFailure(
    "cuda",
    'Cannot set options of CUDA: provider_options_utils.h:187 Parse Failed to parse provider option "device_id": ' +
      "CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version",
  );
  assertStringIncludes(reason, "CUDA failure 35");
  assertStringIncludes(advice, "install an NVIDIA driver");
});

Deno.test("explainFailure() leaves out the condition that WebGPU's message begins with", () => {
  const { reason } = explainFailure(
    "webgpu",
    "Cannot use webgpu: /onnxruntime_src/webgpu_context.cc:100 WebGpuContext::Initialize() " +
      "adapter_result.status == wgpu::RequestAdapterStatus::Success was false. " +
      "Failed to get a WebGPU adapter: No supported adapters\n",
  );
  assertEquals(reason, "Failed to get a WebGPU adapter: No supported adapters");
});
