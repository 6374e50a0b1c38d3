import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { float32, type Tensor } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { encodeModel } from "../../../../core/engine/onnx/mod.ts";
import { type ClipUnit, scaleGradients } from "../../../../core/engine/optim/gradient_scale.ts";
import { Session } from "../../../../core/engine/ort/mod.ts";

const a = input("a", "float32", [2]);
const b = input("b", "float32", [1, 2]);

async function scaled(
  clipNorm: number | undefined,
  [first, second]: readonly [number[], number[]],
  clipPer: ClipUnit = "model",
): Promise<Record<string, Tensor>> {
  const { gradients, norm, finite } = scaleGradients([a, b], { clipNorm, clipPer });
  const outputs = {
    a: gradients[0]!.gradient,
    norm_of_a: gradients[0]!.norm,
    b: gradients[1]!.gradient,
    norm,
    finite,
  };
  // An output may not have the name of an input.
  const named = Object.entries(outputs).map(([name, value]) => [`scaled.${name}`, value]);
  using session = await Session.create(encodeModel({ outputs: Object.fromEntries(named) }));
  return await session.run({ a: float32([2], first), b: float32([1, 2], second) });
}

function assertNear(actual: Tensor | undefined, expected: readonly number[]): void {
  assertEquals(actual!.data.length, expected.length);
  expected.forEach((value, i) => assertAlmostEquals(Number(actual!.data[i]), value, 1e-6));
}

Deno.test("scaleGradients() clips the joint norm of all gradients", async () => {
  const result = await scaled(1, [[3, 0], [0, 4]]);
  assertNear(result["scaled.a"], [0.6, 0]);
  assertNear(result["scaled.b"], [0, 0.8]);
  assertNear(result["scaled.norm_of_a"], [0.6]);
  assertNear(result["scaled.norm"], [5]);
});

Deno.test("scaleGradients() leaves a smaller norm as it is", async () => {
  const result = await scaled(6, [[3, 0], [0, 4]]);
  assertEquals(result["scaled.a"]!.data, Float32Array.of(3, 0));
  assertEquals(result["scaled.finite"]!.data, Uint8Array.of(1));
});

Deno.test("scaleGradients() returns gradients themselves where there is nothing to scale", () => {
  assert(scaleGradients([a, b], {}).gradients[0]!.gradient === a);
});

Deno.test("scaleGradients() sees a value that is not finite in the joint norm", async () => {
  for (const wrong of [NaN, Infinity, -Infinity]) {
    const result = await scaled(1, [[3, 0], [wrong, 4]]);
    assertEquals(result["scaled.finite"]!.data, Uint8Array.of(0));
  }
});

Deno.test("scaleGradients() clips each gradient by itself, and measures the joint norm before", async () => {
  const result = await scaled(1, [[3, 0], [0, 0.5]], "parameter");
  assertNear(result["scaled.a"], [1, 0]);
  assertNear(result["scaled.norm_of_a"], [1]);
  assertNear(result["scaled.b"], [0, 0.5]);
  assertNear(result["scaled.norm"], [Math.hypot(3, 0.5)]);
});
