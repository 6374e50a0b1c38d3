import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { checkMethod, loadMethod } from "../../../core/method/load.ts";

Deno.test("loadMethod() loads a plugin from the address of its manifest", async () => {
  const method = await loadMethod(
    new URL("../../../plugins/simsiam/manifest.json", import.meta.url),
  );
  assertEquals(method.manifest.name, "simsiam");
  assertEquals(typeof method.build, "function");
});

Deno.test("loadMethod() names the address that cannot be had", async () => {
  await assertRejects(
    () => loadMethod(new URL("./no_such_manifest.json", import.meta.url)),
    TypeError,
    "no_such_manifest.json",
  );
});

Deno.test("loadMethod() names the manifest whose module is not there", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { default: manifest } = await import("../../../plugins/simsiam/manifest.json", {
      with: { type: "json" },
    });
    const path = join(folder, "manifest.json");
    await Deno.writeTextFile(path, JSON.stringify({ ...manifest, entry: "./no_such_module.ts" }));
    const address = pathToFileURL(path);
    const error = await assertRejects(() => loadMethod(address), TypeError, "no_such_module.ts");
    assertStringIncludes(error.message, `Cannot load plugin "${address.href}"`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("checkMethod() asks for a build function", () => {
  assertThrows(
    () => checkMethod({ manifest: {} }, "mine.ts"),
    TypeError,
    'Cannot load plugin "mine.ts": its default export must be a method with a build function',
  );
});
