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
