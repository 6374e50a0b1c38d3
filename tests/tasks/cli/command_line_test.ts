import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type Command, helpText, parseCommandLine } from "../../../tasks/cli/command_line.ts";

const command: Command = {
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
};

const silent = () => {};

Deno.test("parseCommandLine() tells what was given from what is a default", () => {
  const parsed = parseCommandLine(command, ["--batch-size", "8", "--fast"], silent);
  assertEquals(parsed?.given, { batchSize: 8, fast: true });
  assertEquals(parsed?.values, { batchSize: 8, name: "", fast: true, rules: [] });
});

Deno.test("parseCommandLine() keeps texts that look like numbers where a text is asked for", () => {
  assertEquals(parseCommandLine(command, ["--name", "007"], silent)?.values["name"], "007");
});

Deno.test("parseCommandLine() reads lists as JSON", () => {
  const parsed = parseCommandLine(command, ['--rules=[{"pattern":"bias"}]'], silent);
  assertEquals(parsed?.given["rules"], [{ pattern: "bias" }]);
});

Deno.test("parseCommandLine() turns a boolean off with --no-", () => {
  assertEquals(parseCommandLine(command, ["--no-fast"], silent)?.given, { fast: false });
});

Deno.test("parseCommandLine() refuses what it does not know, with a suggestion", () => {
  assertThrows(
    () => parseCommandLine(command, ["--bach-size", "8"], silent),
    TypeError,
    'Cannot run "deno task try"',
  );
  assertThrows(
    () => parseCommandLine(command, ["--batch-size", "many"], silent),
    TypeError,
    'option.batchSize must be integer, found "many"',
  );
  assertThrows(() => parseCommandLine(command, ["stray"], silent), TypeError, "stray");
});

Deno.test("parseCommandLine() prints the help with examples and defaults", () => {
  let printed = "";
  assertEquals(parseCommandLine(command, ["--help"], (text) => printed = text), undefined);
  assertEquals(printed, helpText(command));
  assertStringIncludes(printed, "--batch-size NUMBER");
  assertStringIncludes(printed, "(default 4)");
  assertStringIncludes(printed, "deno task try --batch-size 8");
});
