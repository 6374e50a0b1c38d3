/**
 * `deno task doctor`: says what is installed, what can be used, and what to do about the rest.
 *
 * @module
 */
import manifest from "../deno.json" with { type: "json" };
import { ORT_VERSION } from "../core/deps/onnxruntime.ts";
import {
  availableProviders,
  checkDevice,
  CPU,
  type Device,
  formatDevice,
  ortLibraryPath,
  ortVersion,
  type TrialRun,
  trialRun,
} from "../core/engine/ort/mod.ts";
import { command, parse, runTask } from "./cli/command_line.ts";

const COMMAND = command({
  name: "doctor",
  summary: "Says what is installed and which devices can be used, and tests each of those.",
  examples: [
    {
      command: "deno task doctor",
      does: "looks at everything; the exit code is 1 if the CPU does not work",
    },
    { command: "deno task doctor --json", does: "writes the same for programs" },
    {
      command: "GENVIEW_ORT_LIBRARY=/opt/onnxruntime/lib/libonnxruntime.so deno task doctor",
      does: "looks at another build of ONNX Runtime",
    },
  ],
  options: {
    type: "object",
    properties: { json: { type: "boolean", default: false, description: "write JSON" } },
  },
});

/** What is known of a device. Times are in milliseconds. */
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
    readonly version: string;
    readonly expected: string;
    readonly library: string;
    readonly providers: readonly string[];
  }
  | { readonly error: string };

/** All that the doctor finds. */
export interface Report {
  readonly genview: string;
  readonly deno: string;
  readonly onnxruntime: RuntimeReport;
  readonly system: {
    readonly os: string;
    readonly arch: string;
    readonly release: string;
    readonly cores: number;
    /** Bytes. */
    readonly memory: { readonly total: number; readonly available: number };
  };
  readonly devices: readonly DeviceReport[];
}

/** Looks at everything. */
export async function examine(): Promise<Report> {
  const { total, available } = Deno.systemMemoryInfo();
  const onnxruntime = examineRuntime();
  const devices = "error" in onnxruntime ? [] : await examineDevices(examineDevice);
  return {
    genview: manifest.version,
    deno: Deno.version.deno,
    onnxruntime,
    system: {
      os: Deno.build.os,
      arch: Deno.build.arch,
      release: Deno.osRelease(),
      cores: navigator.hardwareConcurrency,
      memory: { total, available },
    },
    devices,
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
    return { device: name, status: "works", times: await trialRun(device) };
  } catch (error) {
    return { device: name, status: "fails", reason: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether what every user needs works: the CPU. */
export function isHealthy(report: Report): boolean {
  return report.devices.some(({ device, status }) => device === "cpu" && status === "works");
}

/** Writes a report for people. */
export function formatReport(report: Report): string {
  const { system } = report;
  const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const lines = [
    ["genview", report.genview],
    ["Deno", report.deno],
    ...formatRuntime(report.onnxruntime),
    ["system", `${system.os} ${system.arch} (${system.release}), ${system.cores} cores`],
    // ONNX Runtime's own choice, which it does not tell as a number.
    ["  threads", "one for each physical core, unless --threads says otherwise"],
    [
      "memory",
      `${gibibytes(system.memory.total)}, ${gibibytes(system.memory.available)} available`,
    ],
    ...report.devices.flatMap(formatDeviceReport),
  ];
  return lines.map(([label, text]) => `${label!.padEnd(14)}${text}\n`).join("");
}

function formatRuntime(runtime: RuntimeReport): string[][] {
  if ("error" in runtime) return [["ONNX Runtime", runtime.error]];
  const { version, expected, library, providers } = runtime;
  const note = version === expected ? "" : ` (genview is tested with ${expected})`;
  return [
    ["ONNX Runtime", `${version}${note}`],
    ["  library", library],
    ["  providers", providers.map((name) => name.replace("ExecutionProvider", "")).join(", ")],
  ];
}

function formatDeviceReport(report: DeviceReport): string[][] {
  const label = `device ${report.device}`;
  switch (report.status) {
    case "works": {
      const { load, run } = report.times;
      const times = `loads it in ${load.toFixed(1)} ms, runs it in ${run.toFixed(2)} ms`;
      return [[label, `works: computes a small network right, ${times}`]];
    }
    case "fails":
      return [[label, `fails: ${report.reason}`]];
    case "missing":
      return [[label, `cannot be used: ${report.reason}`], ["", `what helps: ${report.advice}`]];
  }
}

/** Runs the task with its arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  const report = await examine();
  console.log(
    parsed.values.json ? JSON.stringify(report, null, 2) : formatReport(report).trimEnd(),
  );
  if (!isHealthy(report)) Deno.exitCode = 1;
}

if (import.meta.main) await runTask(main);
