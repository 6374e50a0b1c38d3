import { assertAlmostEquals, assertThrows } from "@std/assert";
import { filled } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { encodeModel } from "../../../../core/engine/onnx/mod.ts";
import { CPU, Session } from "../../../../core/engine/ort/mod.ts";
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

Deno.test("adamW() corrects the bias of a frozen parameter by its own updates, as torch.optim.AdamW", async () => {
  const optimizer = adamW({ beta1: 0.8, beta2: 0.95 });
  await assertFollows("adamw_frozen", optimizer, { dtype: "float32", tolerance: 1e-5 });
  await assertFollows("adamw_frozen", optimizer, { dtype: "float64", tolerance: 1e-12 });
});

Deno.test("adamW() corrects by a parameter's own updates as by those of the run, early and late", async () => {
  const optimizer = adamW({ epsilon: 1e-3 });
  for (const [dtype, tolerance] of [["float32", 1e-6], ["float64", 1e-12]] as const) {
    const updates = input("updates", dtype, []);
    const outputs = optimizer.ownStepScalars(updates);
    using session = await Session.create(encodeModel({ outputs }), { device: CPU });
    for (const step of [0, 1, 2, 10, 999, 5004, 1e6]) {
      const found = await session.run({ updates: filled(dtype, [], step + 1) });
      for (const [name, expected] of Object.entries(optimizer.stepScalars(step))) {
        const value = Number(found[name]!.data[0]);
        assertAlmostEquals(value, expected, tolerance * expected, `${name} of step ${step}`);
      }
    }
  }
});

Deno.test("adamW() follows torch.optim.AdamW with other betas and another epsilon", async () => {
  const optimizer = adamW({ beta2: 0.95, epsilon: 1e-5 });
  await assertFollows("adamw_betas", optimizer, { dtype: "float32", tolerance: 1e-5 });
  await assertFollows("adamw_betas", optimizer, { dtype: "float64", tolerance: 1e-12 });
});

Deno.test("adamW() follows torch.optim.AdamW after each gradient was clipped by itself", async () => {
  await assertFollows("adamw_clip_each", adamW(), { dtype: "float32", tolerance: 1e-5 });
  await assertFollows("adamw_clip_each", adamW(), { dtype: "float64", tolerance: 1e-12 });
});
