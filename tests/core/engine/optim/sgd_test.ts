import { assertEquals, assertThrows } from "@std/assert";
import { sgd } from "../../../../core/engine/optim/sgd.ts";
import { assertFollows } from "./optimizer_golden.ts";

const float32 = { dtype: "float32", tolerance: 1e-5 } as const;
const float64 = { dtype: "float64", tolerance: 1e-12 } as const;

Deno.test("sgd() follows torch.optim.SGD with momentum, weight decay and groups", async () => {
  await assertFollows("sgd", sgd({ momentum: 0.9 }), float32);
  await assertFollows("sgd", sgd({ momentum: 0.9 }), float64);
});

Deno.test("sgd() follows torch.optim.SGD with Nesterov's momentum", async () => {
  await assertFollows("sgd_nesterov", sgd({ momentum: 0.8, nesterov: true }), float32);
  await assertFollows("sgd_nesterov", sgd({ momentum: 0.8, nesterov: true }), float64);
});

Deno.test("sgd() follows torch.optim.SGD without momentum", async () => {
  await assertFollows("sgd_plain", sgd({ momentum: 0 }), float32);
});

Deno.test("sgd() keeps no slot without momentum", () => {
  const type = { dtype: "float32", shape: [3] } as const;
  assertEquals(sgd({ momentum: 0 }).slots(type), {});
  assertEquals(sgd().slots(type), { momentum: 0 });
});

Deno.test("sgd() refuses a momentum out of range, and Nesterov's of zero", () => {
  assertThrows(() => sgd({ momentum: 1 }), RangeError, "momentum must be in [0, 1), found 1");
  assertThrows(() => sgd({ momentum: 0, nesterov: true }), RangeError, "must be above 0");
});

Deno.test("sgd() leaves a frozen parameter as torch.optim.SGD does without its gradient", async () => {
  await assertFollows("sgd_frozen", sgd(), { dtype: "float32", tolerance: 1e-5 });
  await assertFollows("sgd_frozen", sgd(), { dtype: "float64", tolerance: 1e-12 });
});
