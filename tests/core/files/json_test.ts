import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parseJson, readJson } from "../../../core/files/json.ts";
import { isGenviewError } from "../../../core/errors/mod.ts";

Deno.test("parseJson() reads brackets in texts as texts, and 256 levels", () => {
  const texts = JSON.stringify({ a: "[".repeat(1000) + '"\\' });
  assertEquals(parseJson(texts, "read a.json"), JSON.parse(texts));
  const deep = "[".repeat(256) + "]".repeat(256);
  assertEquals(JSON.stringify(parseJson(deep, "read a.json")), deep);
});

Deno.test("parseJson() refuses deep nesting and other texts in one line", () => {
  for (const text of ["[".repeat(1_000_000), `${'{"a":'.repeat(300)}1${"}".repeat(300)}`]) {
    const error = assertThrows(() => parseJson(text, "read a.json"), SyntaxError, "at most 256");
    assertEquals(isGenviewError(error), true);
  }
  assertThrows(
    () => parseJson("<html>", "read a.json"),
    SyntaxError,
    "Cannot read a.json: it must",
  );
});

Deno.test("readJson() says that there is no such file", async () => {
  await assertRejects(
    () => readJson("/nowhere/a.json"),
    Deno.errors.NotFound,
    "Cannot read /nowhere/a.json: there is no such file or folder",
  );
});
