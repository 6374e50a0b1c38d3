/**
 * Devices by name.
 *
 * @module
 */
import { GenviewSyntaxError } from "../../errors/mod.ts";
import type { Provider } from "../graph/target.ts";

/** Where a session runs and a tensor lives. */
export interface Device {
  /** What runs it: the CPU, NVIDIA's CUDA, or WebGPU. */
  readonly provider: Provider;
  /** Which of several; 0 for the CPU. */
  readonly index: number;
  /** Options of its execution provider, as in `{ use_tf32: "0" }` for CUDA; the provider's own when left out. */
  readonly options?: Readonly<Record<string, string>>;
}

/** Host memory and the CPU. */
export const CPU: Device = { provider: "cpu", index: 0 };

/** Formats a device as `cpu`, `webgpu` or `cuda:0`. */
export function formatDevice(device: Device): string {
  return device.provider === "cuda" ? `cuda:${device.index}` : device.provider;
}

/** Formats a device with how it computes, for people and logs, as `cuda:0, TF32 on, prefer_nhwc=1`. */
export function describeDevice(device: Device): string {
  const { use_tf32: tf32 = "1", ...options } = device.options ?? {};
  return [
    formatDevice(device),
    ...(device.provider === "cuda" ? [`TF32 ${tf32 === "0" ? "off" : "on"}`] : []),
    ...Object.entries(options).map(([name, value]) => `${name}=${value}`),
  ].join(", ");
}

/**
 * A device that computes in all digits of float32: CUDA without TF32, unless its options say otherwise.
 *
 * @example
 * ```ts
 * import { describeDevice, withoutTf32 } from "./device.ts";
 * console.assert(describeDevice(withoutTf32({ provider: "cuda", index: 0 })) === "cuda:0, TF32 off");
 * ```
 */
export function withoutTf32(device: Device): Device {
  if (device.provider !== "cuda") return device;
  return { ...device, options: { use_tf32: "0", ...device.options } };
}

/** Whether two devices are the same, whatever the options of their providers. */
export function sameDevice(a: Device, b: Device): boolean {
  return a.provider === b.provider && a.index === b.index;
}

/**
 * Reads `auto`, `cpu`, `cuda`, `cuda:N` or `webgpu`.
 *
 * @example
 * ```ts
 * import { parseDevice } from "./device.ts";
 * console.assert(JSON.stringify(parseDevice("cuda:1")) === '{"provider":"cuda","index":1}');
 * ```
 *
 * @throws {SyntaxError} if the text is none of them
 */
export function parseDevice(text: string): Device | "auto" {
  const match = /^(?:(auto|cpu|webgpu)|cuda(?::(\d{1,3}))?)$/.exec(text);
  if (match === null) {
    throw new GenviewSyntaxError(
      `Cannot read a device: it must be auto, cpu, cuda, cuda:N or webgpu, found "${text}"`,
    );
  }
  if (match[1] === "auto") return "auto";
  if (match[1] === "cpu") return CPU;
  if (match[1] === "webgpu") return { provider: "webgpu", index: 0 };
  return { provider: "cuda", index: Number(match[2] ?? 0) };
}
