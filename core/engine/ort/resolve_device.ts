/**
 * Which devices can be used here, and why the others cannot.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { ORT_VERSION } from "../../deps/onnxruntime.ts";
import { adviseOnLibraries, cudaProvider } from "./cuda_libraries.ts";
import { CPU, type Device, formatDevice, parseDevice } from "./device.ts";
import { deviceMemory } from "./device_memory.ts";
import { availableProviders, ortLibraryPath } from "./environment.ts";
import { OrtError } from "./error.ts";
import { LIBRARY_VARIABLE } from "./library.ts";
import { withProviderOptions } from "./provider_options.ts";
import { vulkanDevices } from "./vulkan_devices.ts";

/** Whether a device can be used. */
export type DeviceCheck =
  | { readonly usable: true }
  | {
    readonly usable: false;
    /** What ONNX Runtime says. */
    readonly reason: string;
    /** What to install. */
    readonly advice: string;
  };

const PROVIDERS: Readonly<Record<Device["provider"], string>> = {
  cpu: "CPUExecutionProvider",
  cuda: "CUDAExecutionProvider",
  webgpu: "WebGpuExecutionProvider",
};

/**
 * Tries a device. A usable one stays started until the process ends; starting it can take seconds.
 *
 * @throws {TypeError} if ONNX Runtime itself cannot be opened
 */
export function checkDevice(device: Device): DeviceCheck {
  if (device.provider === "cpu") return { usable: true };
  const found = availableProviders();
  if (!found.includes(PROVIDERS[device.provider])) {
    return {
      usable: false,
      reason: `this build of ONNX Runtime has no ${PROVIDERS[device.provider]}, ` +
        `found ${found.join(", ")}`,
      advice: `name a build of ONNX Runtime that has it in ${LIBRARY_VARIABLE}`,
    };
  }
  try {
    deviceMemory(device);
    return { usable: true };
  } catch (error) {
    if (!(error instanceof OrtError)) throw error;
    return { usable: false, ...explainFailure(device.provider, error.message) };
  }
}

/** Whether there is a GPU for WebGPU, rather than a driver that computes on the CPU, more slowly than ONNX Runtime does. */
function hasGpu(): boolean {
  // On macOS WebGPU runs on Metal, which has no such driver.
  return Deno.build.os === "darwin" || vulkanDevices().some(({ software }) => !software);
}

/**
 * The device that a text names: `cpu`, `cuda`, `cuda:N`, `webgpu`, or `auto`, which is CUDA's first device where it can
 * be used, else WebGPU where it can be used and there is a GPU, and the CPU elsewhere.
 *
 * @param providerOptions options of its execution provider, each as `NAME=VALUE`
 * @throws {SyntaxError} if the text names no device, or an option has another form
 * @throws {TypeError} if the device cannot be used, which the message explains with what to install, or its provider does
 * not take an option
 */
export function resolveDevice(text: string, providerOptions: readonly string[] = []): Device {
  const named = parseDevice(text);
  const device = named === "auto" ? chooseDevice() : named;
  return usable(withProviderOptions(device, providerOptions));
}

function chooseDevice(): Device {
  const cuda: Device = { provider: "cuda", index: 0 };
  if (checkDevice(cuda).usable) return cuda;
  const webgpu: Device = { provider: "webgpu", index: 0 };
  return hasGpu() && checkDevice(webgpu).usable ? webgpu : CPU;
}

function usable(parsed: Device): Device {
  const check = checkDevice(parsed);
  if (!check.usable) {
    throw new GenviewTypeError(
      `Cannot use ${formatDevice(parsed)}: ${check.reason}. What helps: ${check.advice}.`,
    );
  }
  return parsed;
}

/** What ONNX Runtime's message on a device that does not start comes down to, and what helps. */
export function explainFailure(
  provider: "cuda" | "webgpu",
  message: string,
): { readonly reason: string; readonly advice: string } {
  // Without the place in ONNX Runtime's source that it begins with.
  const reason = message
    .replace(/^.*\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : /s, "")
    .replace(/^.* was false\. /s, "")
    .trim()
    .replace(/\.$/, "");
  return { reason, advice: provider === "cuda" ? adviseOnCuda(reason) : adviseOnWebGpu() };
}

function adviseOnWebGpu(): string {
  return Deno.build.os === "linux"
    ? "install the Vulkan loader (libvulkan.so.1) and your GPU's Vulkan driver"
    : "update your GPU's driver";
}

function adviseOnCuda(reason: string): string {
  const missing = /([^\s"/\\]+\.(?:so[.\d]*|dll))"?(?:: cannot open| which is missing)/.exec(
    reason,
  );
  const file = missing?.[1];
  if (file === undefined || /^(libcuda\.so|nvcuda\.dll)/.test(file)) {
    return "install an NVIDIA driver that suits the CUDA toolkit, and see that nvidia-smi lists the GPU";
  }
  if (file.includes("onnxruntime_providers")) return adviseOnProvider();
  if (Deno.build.os === "windows") {
    return `install the part of NVIDIA's CUDA toolkit or cuDNN that ${file} belongs to, and put its folder on the ` +
      "library path (PATH)";
  }
  const { missing: all, cuda = "13" } = cudaProvider();
  // The first that the loader names stands for all where the provider's table cannot be read.
  return adviseOnLibraries(all.length > 0 ? all : [file], cuda);
}

/** How the provider itself is installed. */
function adviseOnProvider(): string {
  const system = `${Deno.build.os} ${Deno.build.arch}`;
  if (system === "linux x86_64") return 'run "deno task cuda install"';
  if (system === "linux aarch64" || system === "windows x86_64") {
    return 'run "deno task cuda install --output-dir DIR", and set GENVIEW_ORT_LIBRARY as it says';
  }
  return `put the CUDA provider of ONNX Runtime ${ORT_VERSION} (the files onnxruntime_providers_cuda and ` +
    `onnxruntime_providers_shared) next to ${ortLibraryPath()}`;
}
