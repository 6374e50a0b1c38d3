import { assertEquals, assertThrows } from "@std/assert";
import { validate } from "../../../core/schema/validate.ts";

const schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    temperature: { type: "number", default: 0.2, exclusiveMinimum: 0 },
    kind: { type: "string", enum: ["a", "b"], default: "a" },
  },
};

Deno.test("validate() fills in the defaults and leaves its input alone", () => {
  const data = { kind: "b" };
  assertEquals(validate(schema, data, "try", "options"), { kind: "b", temperature: 0.2 });
  assertEquals(data, { kind: "b" });
});

Deno.test("validate() suggests the name that was meant", () => {
  assertThrows(
    () => validate(schema, { temprature: 1 }, "try", "options"),
    TypeError,
    'options.temprature is not known: did you mean "temperature"?',
  );
});

Deno.test("validate() says what is allowed and what was found", () => {
  assertThrows(
    () => validate(schema, { kind: "c" }, "try", "options"),
    TypeError,
    'options.kind must be equal to one of the allowed values a, b, found "c"',
  );
  assertThrows(
    () => validate(schema, { temperature: "warm" }, "try", "options"),
    TypeError,
    'options.temperature must be number, found "warm"',
  );
});

Deno.test("validate() refuses what is nested too deeply, and shows no more than the start of a value", () => {
  const deep = JSON.parse("[".repeat(200000) + "]".repeat(200000));
  assertThrows(
    () => validate({ type: "array" }, deep, "read it", "deep"),
    RangeError,
    "Cannot read it: its lists and objects are nested too deeply",
  );
  const long = assertThrows(
    () => validate({ type: "number" }, "a".repeat(1000), "read it", "text"),
    TypeError,
    "…",
  );
  assertEquals(long.message.length < 200, true);
});

Deno.test("validate() names values as it is told to", () => {
  const schema = {
    type: "object",
    required: ["b"],
    additionalProperties: false,
    properties: { a: { type: "number" }, b: { type: "number" } },
  };
  const nameOf = (path: readonly string[]) => `--${path.join(".")}`;
  assertThrows(
    () => validate(schema, { a: "x", c: 1 }, "run", nameOf),
    TypeError,
    'Cannot run: --b must be given; --c is not known: did you mean "--a"?; --a must be number, found "x"',
  );
});

Deno.test("validate() takes schemas of one $id, and applies each", () => {
  const schemaOf = (maximum: number) => ({
    $id: "https://example.org/options.json",
    type: "object",
    properties: { width: { type: "integer", maximum, default: maximum } },
  });
  assertEquals(validate(schemaOf(4), {}, "load a method", "options"), { width: 4 });
  assertEquals(validate(schemaOf(8), {}, "load a method", "options"), { width: 8 });
});
