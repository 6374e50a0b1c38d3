import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { checkMethod, loadMethod, loadMethodByName } from "../../../core/method/load.ts";
import { bundledMethods } from "../../../plugins/mod.ts";

Deno.test("loadMethod() loads a plugin from the address of its manifest", async () => {
  const method = await loadMethod(
    new URL("../../../plugins/simsiam/manifest.json", import.meta.url),
  );
  assertEquals(method.manifest.name, "simsiam");
  assertEquals([method.address, method.origin.href], [
    import.meta.resolve("../../../plugins/simsiam/manifest.json"),
    import.meta.resolve("../../../plugins/simsiam/"),
  ]);
  assertEquals([...method.modules!.keys()], ["manifest.json", "mod.ts"]);
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
    assertStringIncludes(error.message, `Cannot load plugin "simsiam" of ${address.href}: `);
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

Deno.test("loadMethodByName() takes a bundled name, a path or an address, and suggests the nearest name", async () => {
  const path = new URL("../../../plugins/simsiam/manifest.json", import.meta.url);
  const addresses: (string | undefined)[] = [];
  const folder = new URL("./", path);
  for (const text of ["simsiam", path.pathname, path.href, folder.pathname, folder.href]) {
    const method = await loadMethodByName(text, bundledMethods);
    assertEquals(method.manifest.name, "simsiam");
    addresses.push(method.address);
  }
  assertEquals(addresses, ["simsiam", ...new Array<string>(4).fill(path.href)]);
  await assertRejects(
    () => loadMethodByName("simsaim", bundledMethods),
    TypeError,
    'the nearest is "simsiam" (known are ',
  );
});
