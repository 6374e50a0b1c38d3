/**
 * `deno task doctor`: says what is installed, what can be used, and what to do about the rest.
 *
 * @module
 */
import manifest from "../deno.json" with { type: "json" };
import {
  type DeviceReport,
  diagnose,
  type Diagnosis,
  isHealthy,
  type RuntimeReport,
} from "../core/engine/ort/mod.ts";
import { command, parse, runTask } from "./cli/command_line.ts";
import { asStarted } from "./cli/program_name.ts";

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

/** The diagnosis, with the version of genview. */
export interface Report extends Diagnosis {
  /** Version of genview. */
  readonly genview: string;
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
  const report: Report = { genview: manifest.version, ...await diagnose() };
  console.log(
    parsed.values.json
      ? JSON.stringify(report, null, 2)
      : asStarted(formatReport(report).trimEnd()),
  );
  if (!isHealthy(report)) Deno.exitCode = 1;
}

if (import.meta.main) await runTask(main);
