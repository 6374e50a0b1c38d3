import { assertEquals } from "@std/assert";
import { asStarted } from "../../../tasks/cli/program_name.ts";

Deno.test("asStarted() spells tasks as the program that runs them", () => {
  const text = 'run "deno task weights pull x", or deno task nothing';
  assertEquals(asStarted(text, "genview"), 'run "genview weights pull x", or deno task nothing');
  assertEquals(asStarted(text, "deno task"), text);
  assertEquals(asStarted(text), text);
});
