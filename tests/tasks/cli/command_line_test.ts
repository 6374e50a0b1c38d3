import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type Command, command, parse } from "../../../tasks/cli/command_line.ts";

const COMMAND = command({
  name: "train",
  summary: "Tries something.",
  examples: [{ command: "deno task train --batch-size 8", does: "tries with 8 at a time" }],
  options: {
    type: "object",
    properties: {
      batchSize: { type: "integer", minimum: 1, maximum: 64, default: 4, description: "how many" },
      offset: { type: "number", default: 0, description: "where" },
      name: { type: "string", default: "", description: "what" },
      output: { type: "string", default: "runs/try", description: "folder" },
      mode: { type: "string", enum: ["slow", "fast"], default: "slow", description: "how" },
      fast: { type: "boolean", default: false, description: "whether" },
      milestones: { type: "array", items: { type: "integer" }, default: [], description: "when" },
      rules: { type: "array", default: [], description: "list" },
      options: { type: "object", default: {}, entry: "option", description: "of the method" },
    },
  },
});

const parsed = (...args: string[]) => parse(COMMAND, args);

function refused(...args: string[]): string {
  return assertThrows(() => parse(COMMAND, args), TypeError, 'Cannot run "deno task train": ')
    .message.slice('Cannot run "deno task train": '.length);
}

Deno.test("parse() tells what was given from what is a default", () => {
  const { given, values } = parsed("--batch-size", "8", "--fast")!;
  assertEquals(given, { batchSize: 8, fast: true });
  assertEquals([values.batchSize, values.name, values.fast, values.rules], [8, "", true, []]);
});

Deno.test("parse() keeps texts that look like numbers where a text is asked for", () => {
  assertEquals(parsed("--name", "007")?.values.name, "007");
});

Deno.test("parse() reads numbers as people write them, below zero too", () => {
  for (
    const [text, value] of [["-4.1", -4.1], ["1e-3", 0.001], ["-1E2", -100], [".5", 0.5]] as const
  ) {
    assertEquals(parsed("--offset", text)?.values.offset, value);
    assertEquals(parsed(`--offset=${text}`)?.values.offset, value);
  }
  assertEquals(parsed("--batch-size", "1e1")?.values.batchSize, 10);
});

Deno.test("parse() reads lists as JSON or by their commas", () => {
  assertEquals(parsed('--rules=[{"pattern":"bias"}]')?.given.rules, [{ pattern: "bias" }]);
  assertEquals(parsed("--milestones", "120,160")?.given.milestones, [120, 160]);
  assertEquals(parsed("--milestones", "[120]")?.given.milestones, [120]);
});

Deno.test("parse() reads the keys of an object one by one", () => {
  const args = ["--option.projector-width", "8", "--option.rate", "1e-2", "--option.kind", "deep"];
  const options = { projectorWidth: 8, rate: 0.01, kind: "deep" };
  assertEquals(parsed(...args)?.given, { options });
  assertEquals(
    parsed('--options={"depth":2}', ...args)?.given.options,
    { ...options, depth: 2 },
  );
});

Deno.test("parse() turns a switch off with --no- or =false", () => {
  assertEquals(parsed("--no-fast")?.given, { fast: false });
  assertEquals(parsed("--fast=false")?.given, { fast: false });
  assertEquals(refused("--fast=maybe"), '--fast must be true or false, found "maybe"');
});

Deno.test("parse() names options as they are written on the command line", () => {
  assertEquals(
    refused("--bach-size", "8"),
    '--bach-size is not known: did you mean "--batch-size"?',
  );
  assertEquals(refused("-x"), '-x is not known: did you mean "--fast"?');
  assertEquals(refused("--batch-size", "many"), '--batch-size must be integer, found "many"');
  assertEquals(refused("--batch-size", "-1"), "--batch-size must be >= 1, found -1");
  assertEquals(refused("--batch-size", "65"), "--batch-size must be <= 64, found 65");
  assertEquals(refused("--offset", "1e999"), "--offset must be number, found Infinity");
  assertStringIncludes(refused("--mode", "quick"), "allowed values slow, fast");
  assertStringIncludes(refused("--milestones", "1,x"), '--milestones.1 must be integer, found "x"');
  assertStringIncludes(refused("stray"), "stray");
});

Deno.test("parse() refuses an option without its value", () => {
  assertStringIncludes(refused("--name"), "--name needs a value, found none");
  assertStringIncludes(refused("--name", "--fast"), "--name needs a value, found --fast");
  assertEquals(parsed("--name=--fast")?.given, { name: "--fast" });
  assertEquals(parsed("--name", "-")?.given, { name: "-" });
});

Deno.test("parse() refuses an empty text where it means nothing", () => {
  assertEquals(refused("--output", ""), "--output must not be empty");
  assertEquals(refused("--output="), "--output must not be empty");
  assertEquals(parsed("--name", "")?.given, { name: "" });
});

Deno.test("parse() refuses an option that is given twice, and names both values", () => {
  assertEquals(
    refused("--batch-size", "4", "--batch-size=8"),
    '--batch-size must be given once, found "4" and "8"',
  );
  assertEquals(
    refused("--fast", "--no-fast"),
    '--fast must be given once, found "--fast" and "--no-fast"',
  );
});

Deno.test("parse() refuses a key that stands in its option and by itself, and an option that has no keys", () => {
  assertEquals(
    parse(COMMAND, ["--options", '{"rate":1}', "--option.kind", "deep"])?.given["options"],
    { rate: 1, kind: "deep" },
  );
  assertStringIncludes(
    refused("--options", '{"rate":1}', "--option.rate", "2"),
    '"rate" must be given once, found it in --options and as --option.rate',
  );
  assertStringIncludes(
    refused("--options", "3", "--option.rate", "2"),
    "--options must be object, found 3",
  );
});

Deno.test("parse() takes what follows -- as arguments", () => {
  const taking: Command = { ...COMMAND, positional: "FILE" };
  assertEquals(parse(taking, ["--fast", "a", "--", "--b", "-1"])?.positional, ["a", "--b", "-1"]);
});

Deno.test("parse() says that a required option must be given", () => {
  const options = { ...COMMAND.options, required: ["outputDir"] };
  const properties = { outputDir: { type: "string", description: "folder" } };
  assertThrows(
    () => parse({ ...COMMAND, options: { ...options, properties } }, []),
    TypeError,
    "--output-dir must be given",
  );
});

Deno.test("parse() prints the help for --help and -h", () => {
  for (const option of ["--help", "-h"]) {
    let printed = "";
    assertEquals(parse(COMMAND, [option], (text) => printed = text), undefined);
    assertStringIncludes(printed, "--batch-size NUMBER");
    assertStringIncludes(printed, "(default 4)");
    assertStringIncludes(printed, "deno task train --batch-size 8");
  }
});
