import { assertEquals } from "@std/assert";
import { camel, convertEntries, convertText, kebab } from "../../../tasks/cli/option_values.ts";

Deno.test("kebab() and camel() are each other's inverse", () => {
  assertEquals([kebab("batchSize"), camel("batch-size")], ["batch-size", "batchSize"]);
});

Deno.test("convertText() gives what the schema asks for, and leaves the rest to its check", () => {
  const cases = [
    ["12", { type: "integer" }, 12],
    ["-1.5e-3", { type: "number" }, -0.0015],
    ["0x10", { type: "number" }, "0x10"],
    ["12", { type: "string" }, "12"],
    ["[1,2]", { type: ["string", "array"] }, [1, 2]],
    ["photos", { type: ["string", "array"] }, "photos"],
    ["a,b", { type: "array", items: { type: "string" } }, ["a", "b"]],
    ["1,x", { type: "array", items: { type: "number" } }, [1, "x"]],
    ["0,1", { type: ["string", "array"], items: { type: "integer" } }, [0, 1]],
    ["global", { type: ["string", "array"], items: { type: "integer" } }, "global"],
    ["[]", { type: ["string", "array"], items: { type: "integer" } }, []],
    ['{"a":1}', { type: "object" }, { a: 1 }],
    ["0.04", { type: ["number", "object"] }, 0.04],
    ['{"from":1}', { type: ["number", "object"] }, { from: 1 }],
    ["{", { type: "object" }, "{"],
    ["8", { enum: [8, 16] }, 8],
    ["8", { enum: ["8", "16"] }, "8"],
  ] as const;
  for (const [text, schema, value] of cases) {
    assertEquals(
      convertText(text, schema) as unknown,
      value,
      `${text} by ${JSON.stringify(schema)}`,
    );
  }
});

Deno.test("convertEntries() follows the keys' schemas where there are any, and their looks elsewhere", () => {
  const schema = { type: "object", properties: { name: { type: "string" } } };
  assertEquals(convertEntries({ name: "1", "my-rate": "1e-2", kind: "deep" }, schema), {
    name: "1",
    myRate: 0.01,
    kind: "deep",
  });
});
