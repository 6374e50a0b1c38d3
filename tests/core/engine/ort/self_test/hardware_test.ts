import { assertEquals } from "@std/assert";

const MODULE = import.meta.resolve("../../../../../core/engine/ort/self_test/hardware.ts");

Deno.test("hardwareOf() needs no permission that tasks do not have", async () => {
  const source = `
    import { hardwareOf } from ${JSON.stringify(MODULE)};
    for (const provider of ["cuda", "webgpu"]) hardwareOf({ provider, index: 0 });`;
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
