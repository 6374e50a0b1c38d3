import { assertEquals } from "@std/assert";
import { cpus } from "node:os";
import { hardwareOf } from "../../../../../core/engine/ort/self_test/hardware.ts";
import { CPU } from "../../../../../core/engine/ort/mod.ts";

const MODULE = import.meta.resolve("../../../../../core/engine/ort/self_test/hardware.ts");

Deno.test("hardwareOf() needs no permission that tasks do not have", async () => {
  const source = `
    import { hardwareOf } from ${JSON.stringify(MODULE)};
    for (const provider of ["cuda", "webgpu", "cpu"]) hardwareOf({ provider, index: 0 });`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, source);
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--no-check", "--allow-read", "--allow-ffi", file],
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("hardwareOf() tells the model of the processor", () => {
  assertEquals(hardwareOf(CPU), cpus()[0]!.model);
});

Deno.test({
  name: "hardwareOf() tells no model of the processor to programs that may not ask for it",
  permissions: { sys: ["hostname"] },
  fn() {
    assertEquals(hardwareOf(CPU), undefined);
  },
});
