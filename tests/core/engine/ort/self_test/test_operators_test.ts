import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { CPU, OrtError } from "../../../../../core/engine/ort/mod.ts";
import {
  testOperators,
  trialModel,
} from "../../../../../core/engine/ort/self_test/test_operators.ts";
import { OPERATOR_TRIALS } from "../../../../../core/engine/ort/self_test/operator_trials.ts";

Deno.test("testOperators() finds nothing wrong with the CPU, for any target", async () => {
  for (const provider of ["cpu", "cuda", "webgpu"] as const) {
    assertEquals(await testOperators(CPU, { provider }), []);
  }
});

Deno.test("trials of operators have names of their own", () => {
  assertEquals(new Set(OPERATOR_TRIALS.map(({ name }) => name)).size, OPERATOR_TRIALS.length);
});

Deno.test("testOperators() blames no operator where the device runs nothing", async () => {
  await assertRejects(() => testOperators({ provider: "cuda", index: 900 }), OrtError);
});

Deno.test("trialModel() is the same each time, and another one for each provider", () => {
  const [cuda, again, webgpu] = (["cuda", "cuda", "webgpu"] as const).map((provider) =>
    trialModel({ provider, index: 0 })
  );
  assertEquals(again, cuda);
  assertNotEquals(webgpu, cuda);
});
