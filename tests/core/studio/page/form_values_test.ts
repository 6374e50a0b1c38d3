import { assertEquals } from "@std/assert";
import type { FormAnswer } from "../../../../core/studio/api/actions.ts";
import {
  defaultText,
  fieldKind,
  fieldText,
  groupedOptions,
  readField,
  requestOf,
  withPreset,
} from "../../../../core/studio/page/form_values.ts";

Deno.test("a field follows from the schema of its option", () => {
  assertEquals(fieldKind({ type: "integer" }), "number");
  assertEquals(fieldKind({ type: "boolean" }), "mark");
  assertEquals(fieldKind({ enum: ["a", "b"] }), "choice");
  assertEquals(fieldKind({ type: "array", items: { type: "string" } }), "list");
  assertEquals(fieldKind({ type: "array", items: { type: "integer" } }), "json");
  assertEquals(fieldKind({ type: ["string", "array"] }), "text");
});

Deno.test("what is typed is read as the option's type", () => {
  assertEquals(readField(" ", { type: "number" }), { value: undefined });
  assertEquals(readField("1e-3", { type: "number" }), { value: 0.001 });
  assertEquals(readField("many", { type: "number" }), { problem: "must be a number" });
  assertEquals(readField("2", { enum: [1, 2] }), { value: 2 });
  assertEquals(readField("a, b,", { type: "array", items: { type: "string" } }), {
    value: ["a", "b"],
  });
  assertEquals(readField("[1", { type: "object" }), {
    problem: 'must be JSON, such as [0.2, 1] or {"size": 96}',
  });
});

Deno.test("a text that may be something else is JSON of that, and otherwise a text", () => {
  const schema = { type: ["string", "array"] } as const;
  assertEquals(readField("simclr", schema), { value: "simclr" });
  assertEquals(readField('[{"size": 96}]', schema), { value: [{ size: 96 }] });
  assertEquals(readField("42", { type: "string" }), { value: "42" });
});

Deno.test("what a field shows is read as the value that it shows", () => {
  const cases = [
    [{ type: "number" }, 0.05],
    [{ type: "array", items: { type: "integer" } }, [60, 80]],
    [{ type: "object" }, { temperature: 0.1 }],
    [{ type: "array", items: { type: "string" } }, ["a", "b"]],
    [{ type: "string" }, "photos"],
  ] as const;
  for (const [schema, value] of cases) {
    assertEquals(readField(fieldText(value, fieldKind(schema)), schema), { value });
  }
});

Deno.test("a request carries words, options and the method's own", () => {
  const request = requestOf({
    task: "generator",
    positional: 'train "two words"',
    options: { epochs: 2 },
    methodOptions: { width: 64 },
  });
  assertEquals(request, {
    task: "generator",
    positional: ["train", "two words"],
    options: { epochs: 2, options: { width: 64 } },
  });
  assertEquals(
    requestOf({ task: "train", positional: "", options: {}, methodOptions: {} }),
    { task: "train", options: {} },
  );
});

Deno.test("options stand in groups; the method's are left to their own form", () => {
  const form: FormAnswer = {
    task: "train",
    summary: "",
    schema: {
      type: "object",
      properties: {
        method: { type: "string" },
        options: { type: "object" },
        epochs: { type: "integer", group: "Length", description: "passes over the data" },
        seed: { type: "integer" },
      },
    },
    methodSchema: { type: "object", properties: {} },
    presets: [],
    dryRun: true,
    methods: [{ name: "byol", title: "BYOL" }],
  };
  const names = (search: string): unknown =>
    groupedOptions(form, search).map(({ group, fields }) => [group, fields.map(([name]) => name)]);
  assertEquals(names(""), [["Length", ["epochs"]], ["Run", ["seed"]]]);
  assertEquals(names("PASSES"), [["Length", ["epochs"]]]);
});

Deno.test("defaults are told in words", () => {
  assertEquals(defaultText({ type: "string", default: "" }), "");
  assertEquals(defaultText({ type: "boolean", default: true }), "");
  assertEquals(defaultText({ type: "number", default: 0 }), "0");
  assertEquals(defaultText({ type: "string" }), "");
});

Deno.test("what a preset sets is shown as the default", () => {
  const properties = { epochs: { type: "integer", default: 200 }, seed: { type: "integer" } };
  const shown = withPreset(properties, { epochs: 2, other: 1 });
  assertEquals(shown, { epochs: { type: "integer", default: 2 }, seed: { type: "integer" } });
});
