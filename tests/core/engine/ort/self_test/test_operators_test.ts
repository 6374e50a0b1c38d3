import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { CPU, OrtError } from "../../../../../core/engine/ort/mod.ts";
import {
  testOperators,
  trialModel,
} from "../../../../../core/engine/ort/self_test/test_operators.ts";
import { HALF_TRIALS } from "../../../../../core/engine/ort/self_test/half_trials.ts";
import { trialsFor } from "../../../../../core/engine/ort/self_test/operator_trials.ts";

Deno.test("testOperators() finds nothing wrong with the CPU, for any target", async () => {
  for (const provider of ["cpu", "cuda", "webgpu"] as const) {
    assertEquals(await testOperators(CPU, { provider }), []);
  }
});

Deno.test("testOperators() finds nothing wrong with float16 on the CPU, as it is written for any target", async () => {
  for (const provider of ["cpu", "cuda", "webgpu"] as const) {
    assertEquals(await testOperators(CPU, { provider }, HALF_TRIALS), []);
  }
});

Deno.test("trials of operators have names of their own", () => {
  const names = trialsFor({ provider: "cuda" }).map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
});

Deno.test("float16 is tried on CUDA, where precision is chosen by itself, and on WebGPU only where it is asked for", () => {
  assert(HALF_TRIALS.every((trial) => trialsFor({ provider: "cuda" }).includes(trial)));
  assert(!HALF_TRIALS.some((trial) => trialsFor({ provider: "webgpu" }).includes(trial)));
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
