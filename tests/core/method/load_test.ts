import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { checkMethod, loadMethod, loadMethodByName } from "../../../core/method/load.ts";
import { inFolder } from "../../in_folder.ts";
import { writePlugin } from "../train/compile/written_plugin.ts";
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

Deno.test("loadMethod() follows no link out of a plugin's folder, and reads no file of any size", () =>
  inFolder(async (folder) => {
    const address = await writePlugin(
      join(folder, "mine"),
      'import data from "./data.json" with { type: "json" };\nexport default { manifest, data };',
    );
    const data = join(folder, "mine", "data.json");
    await Deno.writeTextFile(join(folder, "secret.json"), "{}");
    await Deno.symlink(join(folder, "secret.json"), data);
    await assertRejects(
      () => loadMethod(address),
      TypeError,
      "its modules must lie in its folder, found data.json, a link to ",
    );
    await Deno.remove(data);
    await Deno.symlink("manifest.json", data);
    assertEquals((await loadMethod(address)).manifest.name, "mine");
    await Deno.remove(data);
    const file = await Deno.open(data, { create: true, write: true });
    await file.truncate(1e9);
    file.close();
    await assertRejects(() => loadMethod(address), TypeError, "a module may have 16000000 bytes");
    await Deno.remove(data);
    await Deno.symlink(join(folder, "mine"), join(folder, "link"));
    await Deno.writeTextFile(data, "{}");
    const linked = pathToFileURL(join(folder, "link", "manifest.json"));
    assertEquals((await loadMethod(linked)).manifest.name, "mine");
  }));

Deno.test("loadMethod() wants modules that are TypeScript, JavaScript or JSON", () =>
  inFolder(async (folder) => {
    const code = 'import part from "./part.wasm";\nexport default { manifest, part };';
    const address = await writePlugin(folder, code);
    await Deno.writeTextFile(join(folder, "part.wasm"), "");
    await assertRejects(
      () => loadMethod(address),
      TypeError,
      "must be .ts, .mts, .js, .mjs or .json files, found " + new URL("./part.wasm", address).href,
    );
  }));
