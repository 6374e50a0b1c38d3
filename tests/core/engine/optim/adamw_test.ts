import { assertAlmostEquals, assertThrows } from "@std/assert";
import { adamW } from "../../../../core/engine/optim/adamw.ts";
import { assertFollows } from "./optimizer_golden.ts";

Deno.test("adamW() follows torch.optim.AdamW with groups and clipped gradients", async () => {
  await assertFollows("adamw", adamW(), { dtype: "float32", tolerance: 1e-5 });
  await assertFollows("adamw", adamW(), { dtype: "float64", tolerance: 1e-12 });
});

Deno.test("adamW() corrects the bias by scalars of the step", () => {
  const { step_scale: first } = adamW().stepScalars(0);
  assertAlmostEquals(first!, Math.sqrt(0.001) / 0.1, 1e-9);
  const { step_scale: late, step_epsilon: epsilon } = adamW({ epsilon: 1e-6 }).stepScalars(100000);
  assertAlmostEquals(late!, 1, 1e-9);
  assertAlmostEquals(epsilon!, 1e-6, 1e-12);
});

Deno.test("adamW() refuses options out of range", () => {
  assertThrows(() => adamW({ beta1: 1 }), RangeError, "beta1 must be in [0, 1), found 1");
  assertThrows(() => adamW({ beta2: NaN }), RangeError, "beta2 must be in [0, 1), found NaN");
  assertThrows(() => adamW({ epsilon: -1 }), RangeError, "epsilon must be");
});
