import { assertEquals } from "@std/assert";
import { bundledMethods } from "../../../plugins/mod.ts";
import { manifestSchema } from "../../../core/method/manifest.ts";
import published from "../../../core/method/manifest.schema.json" with { type: "json" };

Deno.test("manifest.schema.json, which editors read, is the schema that manifests are checked by", () => {
  const { $schema: _schema, title: _title, ...schema } = published as Record<string, unknown>;
  assertEquals(schema, JSON.parse(JSON.stringify(manifestSchema)));
});

Deno.test("the $schema of every bundled manifest is an address beside which editors find the schema", async () => {
  for (const address of Object.values(bundledMethods)) {
    const manifest = JSON.parse(await Deno.readTextFile(address));
    assertEquals(
      JSON.parse(await Deno.readTextFile(new URL(manifest.$schema, address))),
      published,
    );
  }
});
