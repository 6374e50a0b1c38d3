import { assertEquals, assertThrows } from "@std/assert";
import { readArguments } from "../../../tasks/cli/arguments.ts";

const DECLARED = {
  switches: ["fast"],
  valued: ["name", "count", "item"],
  listed: ["item"],
  keyed: ["option"],
};
const read = (...args: string[]) => readArguments(args, DECLARED, "run");

Deno.test("readArguments() tells options, keys and arguments apart", () => {
  assertEquals(read("a", "--name", "b", "--option.x", "-1", "--option.y=2", "--fast", "c"), {
    options: { name: "b", fast: true },
    entries: { option: { x: "-1", y: "2" } },
    positional: ["a", "c"],
    help: false,
  });
});

Deno.test("readArguments() gives no switch that was not given", () => {
  assertEquals(read().options, {});
  assertEquals(read("--no-fast").options, { fast: false });
  assertEquals(read("--fast", "false", "a"), {
    options: { fast: false },
    entries: {},
    positional: ["a"],
    help: false,
  });
});

Deno.test("readArguments() makes one list of an option that may be given several times", () => {
  assertEquals(read("--item", "a=1", "--item=b=2", "--item", "c").options, { item: "a=1,b=2,c" });
});

Deno.test("readArguments() takes everything after -- as it stands", () => {
  assertEquals(read("--", "--fast", "-x", "--name").positional, ["--fast", "-x", "--name"]);
  assertThrows(() => read("--name", "--", "a"), TypeError, "--name needs a value, found none");
});

Deno.test("readArguments() keeps values with equals signs, spaces and line ends whole", () => {
  for (const value of ["a=b", "a b", "a\nb", "--a", ""]) {
    assertEquals(read(`--name=${value}`).options, { name: value });
  }
});

Deno.test("readArguments() refuses a keyed option that is given twice", () => {
  assertThrows(
    () => read("--option.x", "1", "--option.x", "2"),
    TypeError,
    '--option.x must be given once, found "1" and "2"',
  );
  assertThrows(
    () => read("--option.a-b", "1", "--option.aB", "2"),
    TypeError,
    '--option.aB must be given once, found "1" and "2"',
  );
});
