import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { nvidiaDevices } from "../../../../core/engine/ort/nvidia_devices.ts";

/** NVML with two GPUs, or without a driver. */
const SOURCE = `
#include <stdio.h>
int nvmlInit_v2(void) { return FAULT; }
int nvmlShutdown(void) { return 0; }
int nvmlSystemGetDriverVersion(char *text, unsigned size) { snprintf(text, size, "580.95.05"); return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) { *device = (char *)0 + 16 + index; return 0; }
int nvmlDeviceGetName(void *device, char *text, unsigned size) {
  snprintf(text, size, "GPU %d", (int)((char *)device - (char *)16));
  return 0;
}
`;

async function hasGcc(): Promise<boolean> {
  try {
    return (await new Deno.Command("gcc", { args: ["--version"] }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const gcc = Deno.build.os === "linux" && await hasGcc();

/** Compiles NVML; what its start gives is `fault`. */
async function compiled(folder: string, fault: number): Promise<string> {
  const [source, library] = [join(folder, "nvml.c"), join(folder, `nvml${fault}.so`)];
  await Deno.writeTextFile(source, SOURCE);
  const { code, stderr } = await new Deno.Command("gcc", {
    args: ["-shared", "-fPIC", `-DFAULT=${fault}`, source, "-o", library],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return library;
}

Deno.test({
  name: `nvidiaDevices() gives names and driver${gcc ? "" : " (left out, no gcc on Linux)"}`,
  ignore: !gcc,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      assertEquals(nvidiaDevices(await compiled(folder, 0)), {
        driver: "580.95.05",
        names: ["GPU 0", "GPU 1"],
      });
      assertEquals(nvidiaDevices(await compiled(folder, 9)), undefined);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("nvidiaDevices() gives nothing without NVML", () => {
  assertEquals(nvidiaDevices("libno-such-nvml.so"), undefined);
});
