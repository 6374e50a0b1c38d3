/**
 * Execution providers: what makes a session run on a device other than the CPU.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { obtain } from "./api.ts";
import { cString, cStrings } from "./c_values.ts";
import { type Device, formatDevice } from "./device.ts";
import { environment } from "./environment.ts";
import { check } from "./error.ts";

type ProviderOptions = Readonly<Record<string, string>>;

/**
 * Gives an `OrtSessionOptions*` the provider of a device; the CPU needs none.
 *
 * @throws {OrtError} if the provider cannot be loaded, or refuses an option
 */
export function appendProvider(
  sessionOptions: Deno.PointerObject,
  device: Device,
): void {
  const { options = {} } = device;
  if (device.provider === "cuda") appendCuda(sessionOptions, device, options);
  else if (device.provider === "webgpu") appendWebGpu(sessionOptions, options);
  else if (Object.keys(options).length > 0) {
    throw new GenviewTypeError(
      `Cannot create a session: the CPU takes no options, found ${Object.keys(options).join(", ")}`,
    );
  }
}

/**
 * CUDA's own defaults, but for one: its arena grows by what is asked for, not to the next power of two, which for a
 * network's weights would cost up to twice their memory.
 */
function appendCuda(
  sessionOptions: Deno.PointerObject,
  device: Device,
  options: ProviderOptions,
): void {
  const { api } = environment();
  const cuda = obtain(
    api,
    "create options of CUDA",
    (out) => api.CreateCUDAProviderOptions(out),
  );
  try {
    const all = {
      arena_extend_strategy: "kSameAsRequested",
      ...options,
      device_id: String(device.index),
    };
    const keys = cStrings(Object.keys(all));
    const values = cStrings(Object.values(all));
    check(
      api,
      api.UpdateCUDAProviderOptions(
        cuda,
        keys.addresses,
        values.addresses,
        BigInt(keys.texts.length),
      ),
      "set options of CUDA",
    );
    check(
      api,
      api.SessionOptionsAppendExecutionProvider_CUDA_V2(sessionOptions, cuda),
      `use ${formatDevice(device)}`,
    );
  } finally {
    api.ReleaseCUDAProviderOptions(cuda);
  }
}

/**
 * With kernels for int64, which ONNX Runtime leaves out unless asked: labels and counters are int64. They compute in 32
 * bits.
 */
function appendWebGpu(sessionOptions: Deno.PointerObject, options: ProviderOptions): void {
  const { api } = environment();
  const all = { enableInt64: "1", ...options };
  const keys = cStrings(Object.keys(all));
  const values = cStrings(Object.values(all));
  check(
    api,
    api.SessionOptionsAppendExecutionProvider(
      sessionOptions,
      cString("WebGPU"),
      keys.addresses,
      values.addresses,
      BigInt(keys.texts.length),
    ),
    "use webgpu",
  );
}
