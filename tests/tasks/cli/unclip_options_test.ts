import { assertEquals, assertThrows } from "@std/assert";
import { promptOf } from "../../../tasks/cli/unclip_options.ts";

Deno.test("promptOf() is the prompt that is given, or GenView's placeholder", () => {
  assertEquals(promptOf({ compat: "none", prompt: "" }), "");
  assertEquals(promptOf({ compat: "none", prompt: "a dog" }), "a dog");
  assertEquals(promptOf({ compat: "genview", prompt: "" }), "Your custom text prompt here");
});

Deno.test("promptOf() refuses a prompt beside GenView's", () => {
  assertThrows(
    () => promptOf({ compat: "genview", prompt: "a dog" }),
    TypeError,
    "--prompt must be left out",
  );
});
