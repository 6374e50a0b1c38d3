import { assertEquals, assertThrows } from "@std/assert";
import { parsePythonJson } from "../../../core/files/python_json.ts";

Deno.test("parsePythonJson() reads Python's words for numbers, and leaves texts as they are", () => {
  const text =
    '{"a": [NaN, Infinity, -Infinity, 1e3], "b \\" NaN": "x, NaN, \\\\", "-Infinity": {"c":NaN}}';
  assertEquals(parsePythonJson(text, "read a.json"), {
    a: [NaN, Infinity, -Infinity, 1000],
    'b " NaN': "x, NaN, \\",
    "-Infinity": { c: NaN },
  });
});

Deno.test("parsePythonJson() refuses what Python does not write", () => {
  for (const text of ["[nan]", "[+Infinity]", "[--Infinity]", "[Infinity1]"]) {
    assertThrows(() => parsePythonJson(text, "read a.json"), SyntaxError, "Cannot read a.json: ");
  }
});
