/**
 * The GPUs and the driver that NVIDIA's management library (NVML) lists. It comes with the driver; what the driver tells in
 * `/proc` Deno reads with all permissions only.
 *
 * @module
 */

/** The GPUs of a machine and their driver. */
export interface NvidiaDevices {
  /** Version of the driver, as in `580.95.05`. */
  readonly driver: string;
  /** Names of the GPUs in the order of the bus, as in `NVIDIA H100 80GB HBM3`. */
  readonly names: readonly string[];
}

const SYMBOLS = {
  nvmlInit_v2: { parameters: [], result: "i32" },
  nvmlShutdown: { parameters: [], result: "i32" },
  nvmlSystemGetDriverVersion: { parameters: ["buffer", "u32"], result: "i32" },
  nvmlDeviceGetCount_v2: { parameters: ["buffer"], result: "i32" },
  nvmlDeviceGetHandleByIndex_v2: { parameters: ["u32", "buffer"], result: "i32" },
  nvmlDeviceGetName: { parameters: ["pointer", "buffer", "u32"], result: "i32" },
} as const;

type Nvml = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

const SUCCESS = 0;

/** At least the bytes that NVML asks for, for a version or a name. */
const TEXT_SIZE = 96;

/** The library's name, by `Deno.build.os`. */
const LIBRARIES: Readonly<Record<string, string>> = {
  linux: "libnvidia-ml.so.1",
  windows: "nvml.dll",
};

function open(name: string): Deno.DynamicLibrary<typeof SYMBOLS> | undefined {
  try {
    return Deno.dlopen(name, SYMBOLS);
  } catch (error) {
    // No library, so nothing is known; a refused permission is another matter.
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}

/** A text that a call writes; undefined if the call fails. */
function textBy(call: (text: Uint8Array<ArrayBuffer>) => number): string | undefined {
  const text = new Uint8Array(TEXT_SIZE);
  if (call(text) !== SUCCESS) return undefined;
  return new TextDecoder().decode(text.subarray(0, text.indexOf(0)));
}

function nameOf(nvml: Nvml, index: number): string | undefined {
  const handle = new BigUint64Array(1);
  if (nvml.nvmlDeviceGetHandleByIndex_v2(index, handle) !== SUCCESS) return undefined;
  const device = Deno.UnsafePointer.create(handle[0]!);
  return textBy((text) => nvml.nvmlDeviceGetName(device, text, TEXT_SIZE));
}

function listDevices(nvml: Nvml): NvidiaDevices | undefined {
  // Without a driver NVML does not start.
  if (nvml.nvmlInit_v2() !== SUCCESS) return undefined;
  try {
    const driver = textBy((text) => nvml.nvmlSystemGetDriverVersion(text, TEXT_SIZE));
    const count = new Uint32Array(1);
    if (driver === undefined || nvml.nvmlDeviceGetCount_v2(count) !== SUCCESS) return undefined;
    const names = Array.from({ length: count[0]! }, (_, index) => nameOf(nvml, index));
    return names.every((name) => name !== undefined) ? { driver, names } : undefined;
  } finally {
    nvml.nvmlShutdown();
  }
}

/**
 * The driver and GPUs of NVIDIA's that this machine has; undefined where the system does not tell.
 *
 * @param name NVML's name or path (default the system's own)
 */
export function nvidiaDevices(
  name: string | undefined = LIBRARIES[Deno.build.os],
): NvidiaDevices | undefined {
  const library = name === undefined ? undefined : open(name);
  if (library === undefined) return undefined;
  try {
    return listDevices(library.symbols);
  } finally {
    library.close();
  }
}
