import { assertEquals, assertThrows } from "@std/assert";
import { compatibleGeneration, promptOf } from "../../../tasks/cli/unclip_options.ts";

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

Deno.test("compatibleGeneration() samples as GenView's program does, where nothing else is asked for", () => {
  assertEquals(compatibleGeneration({ compat: "none", prompt: "a dog", scale: 4 }), {
    prompt: "a dog",
  });
  assertEquals(compatibleGeneration({ compat: "genview", prompt: "", scale: 4 }), {
    prompt: "Your custom text prompt here",
    ...{ scheduler: "model", numInferenceSteps: 20, scale: 4 },
  });
});
