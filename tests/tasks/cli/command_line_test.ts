import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { command, helpText, parse } from "../../../tasks/cli/command_line.ts";

const TRY = command({
  name: "try",
  summary: "Tries something.",
  examples: [{ command: "deno task try --batch-size 8", does: "tries with 8 at a time" }],
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      batchSize: { type: "integer", minimum: 1, default: 4, description: "how many" },
      name: { type: "string", default: "", description: "what" },
      fast: { type: "boolean", default: false, description: "whether" },
      rules: { type: "array", default: [], description: "list" },
    },
  },
});

const silent = () => {};

Deno.test("parse() tells what was given from what is a default", () => {
  const parsed = parse(TRY, ["--batch-size", "8", "--fast"], silent);
  assertEquals(parsed?.given, { batchSize: 8, fast: true });
  assertEquals(parsed?.values, { batchSize: 8, name: "", fast: true, rules: [] });
});

Deno.test("parse() keeps texts that look like numbers where a text is asked for", () => {
  assertEquals(parse(TRY, ["--name", "007"], silent)?.values["name"], "007");
});

Deno.test("parse() reads lists as JSON", () => {
  const parsed = parse(TRY, ['--rules=[{"pattern":"bias"}]'], silent);
  assertEquals(parsed?.given["rules"], [{ pattern: "bias" }]);
});

Deno.test("parse() turns a boolean off with --no-", () => {
  assertEquals(parse(TRY, ["--no-fast"], silent)?.given, { fast: false });
});

Deno.test("parse() refuses what it does not know, with a suggestion", () => {
  assertThrows(
    () => parse(TRY, ["--bach-size", "8"], silent),
    TypeError,
    'Cannot run "deno task try"',
  );
  assertThrows(
    () => parse(TRY, ["--batch-size", "many"], silent),
    TypeError,
    'option.batchSize must be integer, found "many"',
  );
  assertThrows(() => parse(TRY, ["stray"], silent), TypeError, "stray");
});

Deno.test("parse() prints the help with examples and defaults", () => {
  let printed = "";
  assertEquals(parse(TRY, ["--help"], (text) => printed = text), undefined);
  assertEquals(printed, helpText(TRY));
  assertStringIncludes(printed, "--batch-size NUMBER");
  assertStringIncludes(printed, "(default 4)");
  assertStringIncludes(printed, "deno task try --batch-size 8");
});
