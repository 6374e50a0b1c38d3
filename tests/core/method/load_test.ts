import { assertEquals, assertRejects, assertThrows } from "@std/assert";
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

Deno.test("checkMethod() asks for a build function", () => {
  assertThrows(
    () => checkMethod({ manifest: {} }, "mine.ts"),
    TypeError,
    'Cannot load plugin "mine.ts": its default export must be a method with a build function',
  );
});
