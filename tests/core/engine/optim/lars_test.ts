import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { float32, type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { buildUpdate } from "../../../../core/engine/optim/build_update.ts";
import { lars, type LarsOptions } from "../../../../core/engine/optim/lars.ts";
import type { ParameterRule } from "../../../../core/engine/optim/parameter_groups.ts";
import { assertFollows } from "./optimizer_golden.ts";
import { UpdateRun } from "./update_run.ts";

/** A matrix after one step. */
async function afterOneStep(
  options: LarsOptions,
  parameter: Tensor,
  gradient: Tensor,
  rules: readonly ParameterRule[] = [],
): Promise<Tensor> {
  const { dtype, shape } = parameter;
  const update = buildUpdate({
    parameters: [input("weight", dtype, shape)],
    optimizer: lars(options),
    rules,
  });
  using run = await UpdateRun.create(update, { weight: parameter });
  await run.step({ weight: gradient }, { learning_rate: 0.1, weight_decay: 0.01 });
  return run.read("weight");
}

Deno.test("lars() follows the rule of mmpretrain with an excluded group", async () => {
  await assertFollows("lars_mmpretrain", lars(), { dtype: "float32", tolerance: 1e-5 });
  await assertFollows("lars_mmpretrain", lars(), { dtype: "float64", tolerance: 1e-12 });
});

Deno.test("lars() follows the rule of MoCo v3", async () => {
  const optimizer = lars({ variant: "moco-v3" });
  await assertFollows("lars_moco_v3", optimizer, { dtype: "float32", tolerance: 1e-5 });
  await assertFollows("lars_moco_v3", optimizer, { dtype: "float64", tolerance: 1e-12 });
});

Deno.test("lars() takes a step of eta times the parameter's norm in all variants", async () => {
  const parameter = tensor("float64", [1, 2], Float64Array.of(3, 4));
  const gradient = tensor("float64", [1, 2], Float64Array.of(0.6, 0.8));
  for (const variant of ["mmpretrain", "moco-v3", "larc"] as const) {
    const { data } = await afterOneStep({ variant, epsilon: 0 }, parameter, gradient);
    assertAlmostEquals(data[0] as number, 2.9997, 1e-12);
    assertAlmostEquals(data[1] as number, 3.9996, 1e-12);
  }
});

Deno.test("lars() leaves the step unscaled where the parameter or its gradient is zero", async () => {
  for (const variant of ["mmpretrain", "moco-v3"] as const) {
    const zero = float32([1, 2], [0, 0]);
    const fresh = await afterOneStep({ variant }, zero, float32([1, 2], [2, -1]));
    assertAlmostEquals(fresh.data[0] as number, -0.2, 1e-7);
    assertAlmostEquals(fresh.data[1] as number, 0.1, 1e-7);
  }
  const still = await afterOneStep({}, float32([1, 2], [1, 0]), float32([1, 2], [0, 0]));
  assertAlmostEquals(still.data[0] as number, 1 - 0.1 * 0.01, 1e-7);
});

Deno.test("lars() leaves the step of an excluded parameter unscaled", async () => {
  const rules = [{ pattern: "weight", excludeFromLars: true, weightDecayScale: 0 }];
  const given = [float32([1, 2], [3, 4]), float32([1, 2], [1, 2])] as const;
  for (const variant of ["mmpretrain", "moco-v3", "larc"] as const) {
    const { data } = await afterOneStep({ variant }, ...given, rules);
    assertAlmostEquals(data[0] as number, 2.9, 1e-6);
    assertAlmostEquals(data[1] as number, 3.8, 1e-6);
  }
});

Deno.test("lars() refuses options out of range", () => {
  assertThrows(
    () => lars({ momentum: -0.1 }),
    RangeError,
    "momentum must be in [0, 1), found -0.1",
  );
  assertThrows(() => lars({ eta: 0 }), RangeError, "eta must be");
  assertThrows(() => lars({ epsilon: -1 }), RangeError, "epsilon must be in [0, Infinity)");
});

Deno.test("lars() leaves a frozen parameter as it is, with its momentum", async () => {
  await assertFollows("lars_frozen", lars(), { dtype: "float32", tolerance: 1e-5 });
  await assertFollows("lars_frozen", lars(), { dtype: "float64", tolerance: 1e-12 });
});

Deno.test("lars() follows the rule of LARC without clipping and with it", async () => {
  for (const [dtype, tolerance] of [["float32", 1e-5], ["float64", 1e-12]] as const) {
    await assertFollows("lars_larc", lars({ variant: "larc" }), { dtype, tolerance });
    const clipping = lars({ variant: "larc-clip", eta: 0.02 });
    await assertFollows("lars_larc_clip", clipping, { dtype, tolerance });
  }
});

Deno.test("lars() does not let a parameter without a gradient decay in LARC", async () => {
  const weight = float32([1, 2], [1, 0]);
  for (const variant of ["larc", "larc-clip"] as const) {
    const still = await afterOneStep({ variant }, weight, float32([1, 2], [0, 0]));
    assertEquals(still, weight);
    const excluded = [{ pattern: "weight", excludeFromLars: true }];
    const decayed = await afterOneStep({ variant }, weight, float32([1, 2], [0, 0]), excluded);
    assertAlmostEquals(decayed.data[0] as number, 1 - 0.1 * 0.01, 1e-7);
  }
});
