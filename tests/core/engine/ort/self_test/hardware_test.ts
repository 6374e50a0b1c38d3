import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { hardwareOf } from "../../../../../core/engine/ort/self_test/hardware.ts";

Deno.test("hardwareOf() reads NVIDIA's driver and GPUs", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const cuda = { provider: "cuda", index: 0 } as const;
    assertEquals(await hardwareOf(cuda, join(folder, "none")), undefined);
    await Deno.writeTextFile(join(folder, "version"), "NVRM version: 580.1\nGCC version: 12\n");
    for (const [bus, model] of [["0000:02:00.0", "NVIDIA B"], ["0000:01:00.0", "NVIDIA A"]]) {
      await Deno.mkdir(join(folder, "gpus", bus!), { recursive: true });
      await Deno.writeTextFile(
        join(folder, "gpus", bus!, "information"),
        `Model: \t\t ${model}\nIRQ: 1\n`,
      );
    }
    assertEquals(
      await hardwareOf(cuda, folder),
      "NVRM version: 580.1; 0000:01:00.0 NVIDIA A; 0000:02:00.0 NVIDIA B",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
