import { assert, assertEquals } from "@std/assert";
import {
  type DeviceReport,
  diagnose,
  examineDevices,
  isHealthy,
} from "../../../../core/engine/ort/diagnose.ts";
import { formatDevice } from "../../../../core/engine/ort/mod.ts";

const CPU_WORKS: DeviceReport = {
  device: "cpu",
  status: "works",
  times: { load: 12.34, run: 0.123 },
};

Deno.test("isHealthy() asks for the CPU and nothing else", () => {
  assert(isHealthy({ devices: [CPU_WORKS] }));
  assert(isHealthy({ devices: [CPU_WORKS, { device: "webgpu", status: "fails", reason: "" }] }));
  assert(!isHealthy({ devices: [{ device: "cpu", status: "fails", reason: "" }] }));
  assert(!isHealthy({ devices: [] }));
});

Deno.test("examineDevices() looks at CUDA's devices up to the first that there is not", async () => {
  const examineWith = async (count: number) => {
    const asked: string[] = [];
    const reports = await examineDevices((device) => {
      const name = formatDevice(device);
      asked.push(name);
      const { times } = CPU_WORKS;
      if (name === "cuda:1") {
        return Promise.resolve({ device: name, status: "fails", reason: "wrong result" });
      }
      return Promise.resolve(
        device.provider === "cuda" && device.index >= count
          ? { device: name, status: "missing", reason: "no such device", advice: "add one" }
          : { device: name, status: "works", times },
      );
    });
    return { asked, found: reports.map(({ device, status }) => `${device} ${status}`) };
  };
  assertEquals(await examineWith(3), {
    asked: ["cpu", "cuda:0", "cuda:1", "cuda:2", "cuda:3", "webgpu"],
    found: ["cpu works", "cuda:0 works", "cuda:1 fails", "cuda:2 works", "webgpu works"],
  });
  assertEquals((await examineWith(0)).found, ["cpu works", "cuda:0 missing", "webgpu works"]);
});

Deno.test("diagnose() finds the CPU working and says of every other device why or that", async () => {
  const report = await diagnose();
  const names = report.devices.map(({ device }) => device);
  assertEquals([names[0], names[1], names.at(-1)], ["cpu", "cuda:0", "webgpu"]);
  assertEquals(report.devices[0]!.status, "works");
  for (const device of report.devices) {
    if (device.status !== "works") assert(device.reason !== "");
  }
  assert(report.system.cores > 0 && report.system.memory.available > 0);
});
