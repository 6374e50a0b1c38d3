import { assertEquals, assertThrows } from "@std/assert";
import { parseManifest } from "../../../core/method/manifest.ts";
import simsiam from "../../../plugins/simsiam/manifest.json" with { type: "json" };

Deno.test("parseManifest() accepts the manifest of SimSiam", () => {
  const manifest = parseManifest(simsiam, "simsiam");
  assertEquals(manifest.name, "simsiam");
  assertEquals(Object.keys(manifest.presets), ["imagenet", "cifar", "demo"]);
});

Deno.test("parseManifest() names every fault of a manifest at once", () => {
  const error = assertThrows(
    () => parseManifest({ ...simsiam, nam: "x", version: "one", title: "" }, "bad.json"),
    TypeError,
    'Cannot load plugin "bad.json"',
  );
  for (const fault of ["manifest.nam is not known", "manifest.version", "manifest.title"]) {
    assertEquals(error.message.includes(fault), true, `${fault} in ${error.message}`);
  }
});

Deno.test("parseManifest() refuses a preset with a wrong value", () => {
  const presets = { fast: { epochs: 0 } };
  assertThrows(
    () => parseManifest({ ...simsiam, presets }, "bad.json"),
    TypeError,
    "manifest.presets.fast.epochs must be >= 1, found 0",
  );
});

Deno.test("parseManifest() refuses a plugin that needs a newer interface", () => {
  assertThrows(
    () => parseManifest({ ...simsiam, apiVersion: 99 }, "new.json"),
    TypeError,
    "it needs version 99 of the method interface, found 1",
  );
});

Deno.test("parseManifest() asks for a default and a description of every option", () => {
  const options = { type: "object", properties: { width: { type: "integer" } } };
  const error = assertThrows(() => parseManifest({ ...simsiam, options }, "bad.json"), TypeError);
  assertEquals(error.message.includes("manifest.options.properties.width"), true);
});
