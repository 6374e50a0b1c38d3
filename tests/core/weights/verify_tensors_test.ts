import { assertEquals } from "@std/assert";
import { agrees, verifyTensors } from "../../../core/weights/verify_tensors.ts";
import type { TensorType } from "../../../core/engine/graph/tensor.ts";

function file(shapes: Readonly<Record<string, readonly number[]>>) {
  return {
    names: Object.keys(shapes),
    type: (name: string): TensorType => ({ dtype: "float16", shape: shapes[name]! }),
  };
}

const EXPECTED = new Map([
  ["visual.proj", { shape: [8, 4] }],
  ["visual.ln.weight", { shape: [8] }],
  ["visual.ln.bias", { shape: [8] }],
]);

Deno.test("verifyTensors() lists missing, unexpected and wrongly shaped tensors", () => {
  const found = file({ "visual.proj": [4, 8], "visual.ln.weight": [8], "text.proj": [4] });
  const differences = verifyTensors(EXPECTED, found);
  assertEquals(differences, {
    missing: ["visual.ln.bias"],
    unexpected: ["text.proj"],
    misshapen: [{ name: "visual.proj", expected: [8, 4], found: [4, 8] }],
  });
  assertEquals(agrees(differences), false);
});

Deno.test("verifyTensors() passes over names that belong to other networks", () => {
  const found = file({
    "visual.proj": [8, 4],
    "visual.ln.weight": [8],
    "visual.ln.bias": [8],
    "text.proj": [4],
    "visual.extra": [],
  });
  const belongs = (name: string) => name.startsWith("visual.");
  assertEquals(verifyTensors(EXPECTED, found, belongs).unexpected, ["visual.extra"]);
  assertEquals(agrees(verifyTensors(EXPECTED, found, (name) => EXPECTED.has(name))), true);
});
