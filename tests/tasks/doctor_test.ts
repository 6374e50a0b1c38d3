import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  type DeviceReport,
  doctor,
  examine,
  formatReport,
  isHealthy,
  type Report,
} from "../../tasks/doctor.ts";

const CPU_WORKS: DeviceReport = {
  device: "cpu",
  status: "works",
  times: { load: 12.34, run: 0.123 },
};

function reportWith(devices: readonly DeviceReport[]): Report {
  return {
    genview: "1.2.3",
    deno: "2.9.6",
    onnxruntime: {
      version: "1.29.0",
      expected: "1.29.0",
      library: "/lib/libonnxruntime.so.1",
      providers: ["CUDAExecutionProvider", "CPUExecutionProvider"],
    },
    system: {
      os: "linux",
      arch: "x86_64",
      release: "6.1",
      cores: 8,
      memory: { total: 32 * 2 ** 30, available: 8.5 * 2 ** 30 },
    },
    devices,
  };
}

async function run(...args: string[]): Promise<{ readonly code: number; readonly text: string }> {
  let text = "";
  const code = await doctor(args, (part) => text += part);
  return { code, text };
}

Deno.test("formatReport() writes a line for each finding, and what helps", () => {
  const report = reportWith([
    CPU_WORKS,
    { device: "cuda:0", status: "missing", reason: "no provider", advice: "install it" },
    { device: "webgpu", status: "fails", reason: "wrong result" },
  ]);
  assertEquals(
    formatReport(report),
    `genview       1.2.3
Deno          2.9.6
ONNX Runtime  1.29.0
  library     /lib/libonnxruntime.so.1
  providers   CUDA, CPU
system        linux x86_64 (6.1), 8 cores
memory        32.0 GiB, 8.5 GiB available
device cpu    works: computes a small network right, loads it in 12.3 ms, runs it in 0.12 ms
device cuda:0 cannot be used: no provider
              what helps: install it
device webgpu fails: wrong result
`,
  );
});

Deno.test("formatReport() says that a library is not the one that was tested", () => {
  const report = reportWith([CPU_WORKS]);
  const onnxruntime = {
    version: "1.28.1",
    expected: "1.29.0",
    library: "/lib/libonnxruntime.so.1",
    providers: [],
  };
  assertStringIncludes(
    formatReport({ ...report, onnxruntime }),
    "ONNX Runtime  1.28.1 (genview is tested with 1.29.0)",
  );
});

Deno.test("isHealthy() asks for the CPU and nothing else", () => {
  assert(isHealthy(reportWith([CPU_WORKS])));
  assert(isHealthy(reportWith([CPU_WORKS, { device: "webgpu", status: "fails", reason: "" }])));
  assert(!isHealthy(reportWith([{ device: "cpu", status: "fails", reason: "" }])));
  assert(!isHealthy(reportWith([])));
});

Deno.test("examine() finds the CPU working and says of every other device why or that", async () => {
  const report = await examine();
  assertEquals(report.devices.map(({ device }) => device), ["cpu", "cuda:0", "webgpu"]);
  assertEquals(report.devices[0]!.status, "works");
  for (const device of report.devices) {
    if (device.status !== "works") assert(device.reason !== "");
  }
  assert(report.system.cores > 0 && report.system.memory.available > 0);
});

Deno.test("doctor --json writes the report", async () => {
  const { code, text } = await run("--json");
  assertEquals(code, 0);
  const report: Report = JSON.parse(text);
  assert(isHealthy(report));
  assertMatch(report.genview, /^\d+\.\d+\.\d+/);
});

Deno.test("doctor --help prints examples, and a wrong option prints it, too", async () => {
  const help = await run("--help");
  assertEquals(help.code, 0);
  assertStringIncludes(help.text, "Examples:\n  deno task doctor\n");
  const wrong = await run("--frobnicate");
  assertEquals(wrong.code, 2);
  assertStringIncludes(wrong.text, "--frobnicate");
  assertStringIncludes(wrong.text, help.text);
});

Deno.test("doctor exits with 1 and says what was tried where ONNX Runtime cannot be opened", async () => {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL("../../tasks/doctor.ts", import.meta.url).pathname],
    env: { GENVIEW_ORT_LIBRARY: "/nowhere/libonnxruntime.so", NO_COLOR: "1" },
  }).output();
  assertEquals(code, 1);
  const text = new TextDecoder().decode(stdout);
  assertStringIncludes(text, "ONNX Runtime  Cannot open ONNX Runtime");
  assertStringIncludes(text, 'environment variable GENVIEW_ORT_LIBRARY: "/nowhere/');
});
