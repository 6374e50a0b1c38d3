import { assertEquals } from "@std/assert";
import { CASES, NOT_IN_DOUBLE } from "./pytorch_cases.ts";
import { checkGolden, goldenTensors } from "./pytorch_golden.ts";

for (const [name, build] of Object.entries(CASES)) {
  for (const precision of ["float64", "float32", "float16"] as const) {
    if (precision === "float64" && NOT_IN_DOUBLE.has(name)) continue;
    Deno.test(`${name} has the output and the gradients of PyTorch in ${precision}`, () =>
      checkGolden(name, build, { precision }));
  }
  for (const provider of ["cuda", "webgpu"] as const) {
    Deno.test(`${name}, as it is written for ${provider}, has the output and the gradients of PyTorch`, () =>
      checkGolden(name, build, { precision: "float32", target: { provider } }));
  }
}

Deno.test("the cases are those of the golden", async () => {
  const names = new Set([...(await goldenTensors()).keys()].map((name) => name.split("/")[0]!));
  assertEquals([...names].sort(), Object.keys(CASES).sort());
});
