/**
 * What a machine can do.
 *
 * @module
 */
import { ORT_VERSION } from "../../deps/onnxruntime.ts";
import { CPU, type Device, formatDevice } from "./device.ts";
import { availableProviders, ortLibraryPath, ortVersion } from "./environment.ts";
import { checkDevice } from "./resolve_device.ts";
import { testOperators } from "./self_test/test_operators.ts";
import { wrongOperators } from "./self_test/trust_device.ts";
import { type TrialRun, trialRun } from "./trial_run.ts";

/** What is known of one device. Times are in milliseconds. */
export type DeviceReport =
  & { readonly device: string }
  & (
    | { readonly status: "works"; readonly times: TrialRun }
    | { readonly status: "fails"; readonly reason: string }
    | { readonly status: "missing"; readonly reason: string; readonly advice: string }
  );

/** What is known of ONNX Runtime. */
export type RuntimeReport =
  | {
    /** Version of the library. */
    readonly version: string;
    /** Version that genview is tested with. */
    readonly expected: string;
    /** Path of the library. */
    readonly library: string;
    /** Execution providers that it was built with, as in `CPUExecutionProvider`. */
    readonly providers: readonly string[];
  }
  | {
    /** Why it cannot be opened. */
    readonly error: string;
  };

/** What a machine can do. */
export interface Diagnosis {
  /** Version of Deno. */
  readonly deno: string;
  /** The ONNX Runtime in use, or why there is none. */
  readonly onnxruntime: RuntimeReport;
  /** The machine. */
  readonly system: {
    /** Operating system, as in `linux`. */
    readonly os: string;
    /** Architecture, as in `x86_64`. */
    readonly arch: string;
    /** Version of the operating system. */
    readonly release: string;
    /** Logical cores. */
    readonly cores: number;
    /** Bytes. */
    readonly memory: { readonly total: number; readonly available: number };
  };
  /** Every device that was looked at: the CPU, CUDA's, WebGPU's. */
  readonly devices: readonly DeviceReport[];
}

/**
 * Finds out what this machine can do: which ONNX Runtime is in use, and of every device whether it computes a small
 * network right, or why it cannot be used and what helps.
 *
 * ```ts
 * import { assert } from "@std/assert";
 * import { diagnose, isHealthy } from "./diagnose.ts";
 *
 * const { devices, onnxruntime } = await diagnose();
 * assert("version" in onnxruntime);
 * assert(isHealthy({ devices }));
 * ```
 */
export async function diagnose(): Promise<Diagnosis> {
  const { total, available } = Deno.systemMemoryInfo();
  const onnxruntime = examineRuntime();
  return {
    deno: Deno.version.deno,
    onnxruntime,
    system: {
      os: Deno.build.os,
      arch: Deno.build.arch,
      release: Deno.osRelease(),
      cores: navigator.hardwareConcurrency,
      memory: { total, available },
    },
    devices: "error" in onnxruntime ? [] : await examineDevices(examineDevice),
  };
}

function examineRuntime(): RuntimeReport {
  try {
    return {
      version: ortVersion(),
      expected: ORT_VERSION,
      library: ortLibraryPath(),
      providers: availableProviders(),
    };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

/**
 * Looks at the CPU, at CUDA's devices up to the first that there is not, and at WebGPU: one after the other, so that the
 * times are each device's own.
 *
 * @param examine looks at one device
 */
export async function examineDevices(
  examine: (device: Device) => Promise<DeviceReport>,
): Promise<DeviceReport[]> {
  const reports = [await examine(CPU)];
  for (let index = 0;; index++) {
    const report = await examine({ provider: "cuda", index });
    // Why there is no first one is worth a line; that there is none behind the last is not.
    if (index === 0 || report.status !== "missing") reports.push(report);
    if (report.status === "missing") break;
  }
  reports.push(await examine({ provider: "webgpu", index: 0 }));
  return reports;
}

async function examineDevice(device: Device): Promise<DeviceReport> {
  const name = formatDevice(device);
  try {
    const check = checkDevice(device);
    if (!check.usable) {
      return { device: name, status: "missing", reason: check.reason, advice: check.advice };
    }
    const times = await trialRun(device);
    const wrong = device.provider === "cpu" ? [] : await testOperators(device);
    if (wrong.length > 0) throw wrongOperators(device, wrong);
    return { device: name, status: "works", times };
  } catch (error) {
    return { device: name, status: "fails", reason: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether what every user needs works: the CPU. */
export function isHealthy({ devices }: Pick<Diagnosis, "devices">): boolean {
  return devices.some(({ device, status }) => device === "cpu" && status === "works");
}
