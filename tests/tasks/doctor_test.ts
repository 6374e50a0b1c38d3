import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type DeviceReport, isHealthy } from "../../core/engine/ort/mod.ts";
import { formatReport, type Report } from "../../tasks/doctor.ts";

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
      version: "1.30.0",
      expected: "1.30.0",
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

const ROOT = new URL("../../", import.meta.url).pathname;

/** Runs the task with the permissions that deno.json gives it. */
async function task(env: Readonly<Record<string, string>>, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "doctor", ...args],
    cwd: ROOT,
    env: { ...env, NO_COLOR: "1" },
  }).output();
  const [text, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, text: text!, err: err! };
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
ONNX Runtime  1.30.0
  library     /lib/libonnxruntime.so.1
  providers   CUDA, CPU
system        linux x86_64 (6.1), 8 cores
  threads     one for each physical core, unless --threads says otherwise
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
    expected: "1.30.0",
    library: "/lib/libonnxruntime.so.1",
    providers: [],
  };
  assertStringIncludes(
    formatReport({ ...report, onnxruntime }),
    "ONNX Runtime  1.28.1 (genview is tested with 1.30.0)",
  );
});

Deno.test("doctor --json writes the report", async () => {
  const { code, text } = await task({}, "--json");
  assertEquals(code, 0);
  const report: Report = JSON.parse(text);
  assert(isHealthy(report));
  assertMatch(report.genview, /^\d+\.\d+\.\d+/);
});

Deno.test("doctor --help prints examples, and a wrong option is refused", async () => {
  const help = await task({}, "--help");
  assertEquals(help.code, 0);
  assertStringIncludes(help.text, "Examples:\n  deno task doctor\n");
  const wrong = await task({}, "--frobnicate");
  assertEquals(wrong.code, 1);
  assertStringIncludes(wrong.err, "--frobnicate is not known");
});

Deno.test("deno task doctor needs no more than deno.json allows", async () => {
  const { code, text } = await task({});
  assertEquals(code, 0);
  assertStringIncludes(text, "device cpu    works");
});

Deno.test("deno task doctor exits with 1 and says what was tried where ONNX Runtime cannot be opened", async () => {
  const { code, text } = await task({
    GENVIEW_ORT_LIBRARY: "/nowhere/libonnxruntime.so",
  });
  assertEquals(code, 1);
  assertStringIncludes(text, "ONNX Runtime  Cannot open ONNX Runtime");
  assertStringIncludes(text, 'environment variable GENVIEW_ORT_LIBRARY: "/nowhere/');
});
