import { assertEquals } from "@std/assert";
import { manifestSchema } from "../../../core/method/manifest.ts";
import published from "../../../core/method/manifest.schema.json" with { type: "json" };

Deno.test("manifest.schema.json, which editors read, is the schema that manifests are checked by", () => {
  const { $schema: _schema, title: _title, ...schema } = published as Record<string, unknown>;
  assertEquals(schema, JSON.parse(JSON.stringify(manifestSchema)));
});
