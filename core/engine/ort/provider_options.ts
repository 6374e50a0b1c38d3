/**
 * Options of execution providers as people give them: `--provider-option NAME=VALUE`.
 *
 * @module
 */
import { GenviewSyntaxError, GenviewTypeError } from "../../errors/mod.ts";
import { type Device, formatDevice } from "./device.ts";
import { environment } from "./environment.ts";
import { OrtError } from "./error.ts";
import { createSessionOptions } from "./session_options.ts";

/**
 * What the WebGPU provider reads, as its library lists it. It passes over a name that it does not know, so that a slip of
 * the pen would go unseen.
 */
const WEBGPU_OPTIONS: readonly string[] = [
  "dawnBackendType",
  "defaultBufferCacheMode",
  "enableInt64",
  "enablePIXCapture",
  "enableRobustness",
  "forceCpuNodeNames",
  "maxNumPendingDispatches",
  "maxStorageBufferBindingSize",
  "powerPreference",
  "preferredLayout",
  "preserveDevice",
  "queryResolveBufferCacheMode",
  "sessionBufferPoolGenerations",
  "storageBufferCacheMode",
  "uniformBufferCacheMode",
  "validationMode",
];

/** Options that this library sets itself, and what people use instead. */
const OWN: Readonly<Record<string, string>> = {
  device_id: "--device cuda:N chooses the device",
  enable_cuda_graph: "--cuda-graphs captures the graphs that can be",
};

/**
 * Reads options of the form `NAME=VALUE`.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseProviderOptions } from "./provider_options.ts";
 *
 * assertEquals(parseProviderOptions(["use_tf32=0"]), { use_tf32: "0" });
 * ```
 *
 * @throws {SyntaxError} if a text has another form, or a name is given twice or is set by other means
 */
export function parseProviderOptions(texts: readonly string[]): Record<string, string> {
  const options: Record<string, string> = {};
  for (const text of texts) {
    const [, name, value] = /^([\w.]+)=(.*)$/s.exec(text) ?? [];
    if (name === undefined) refuse("must be NAME=VALUE", text);
    if (Object.hasOwn(options, name)) refuse(`must set ${name} once`, texts.join(" and "));
    if (Object.hasOwn(OWN, name)) refuse(`cannot set ${name}`, text, OWN[name]);
    options[name] = value!;
  }
  return options;
}

function refuse(rule: string, found: string, remedy?: string): never {
  throw new GenviewSyntaxError(
    `Cannot use a device: --provider-option ${rule}, found ${found}${remedy ? `; ${remedy}` : ""}`,
  );
}

/**
 * Checks the options of a device's provider without starting the device.
 *
 * @throws {TypeError} if the provider does not take one of them
 */
export function checkProviderOptions(device: Device): void {
  const { options = {}, ...plain } = device;
  const names = Object.keys(options);
  if (names.length === 0) return;
  const reason = device.provider === "cpu"
    ? "the CPU takes none"
    : device.provider === "webgpu"
    ? unknownToWebGpu(names) ?? refusalOf(device, plain)
    : refusalOf(device, plain);
  if (reason === undefined) return;
  throw new GenviewTypeError(
    `Cannot use ${
      formatDevice(device)
    }: --provider-option must name what its execution provider takes, found ${
      Object.entries(options).map(([name, value]) => `${name}=${value}`).join(", ")
    }; ${reason}`,
  );
}

function unknownToWebGpu(names: readonly string[]): string | undefined {
  const unknown = names.find((name) => !WEBGPU_OPTIONS.includes(name));
  return unknown === undefined ? undefined : `${unknown} is none of ${WEBGPU_OPTIONS.join(", ")}`;
}

/**
 * A device with options of its provider.
 *
 * @param texts each as `NAME=VALUE`
 * @throws {SyntaxError} if one has another form
 * @throws {TypeError} if the provider does not take one
 */
export function withProviderOptions(device: Device, texts: readonly string[]): Device {
  if (texts.length === 0) return device;
  const optioned = { ...device, options: parseProviderOptions(texts) };
  checkProviderOptions(optioned);
  return optioned;
}

/** What ONNX Runtime says against a device's options, if it has nothing against the device itself. */
function refusalOf(device: Device, plain: Device): string | undefined {
  const said = attempt(device);
  return said === undefined || attempt(plain) !== undefined ? undefined : said;
}

/** What ONNX Runtime says against session options of a device. */
function attempt(device: Device): string | undefined {
  try {
    environment().api.ReleaseSessionOptions(createSessionOptions({ device }));
    return undefined;
  } catch (error) {
    if (error instanceof OrtError) return error.message;
    throw error;
  }
}
