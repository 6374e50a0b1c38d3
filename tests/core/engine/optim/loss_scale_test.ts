import { assertEquals, assertThrows } from "@std/assert";
import { initialLossScale, nextLossScale } from "../../../../core/engine/optim/loss_scale.ts";

Deno.test("initialLossScale() starts where GradScaler does", () => {
  assertEquals(initialLossScale(), { scale: 65536, cleanSteps: 0, skippedSteps: 0 });
});

Deno.test("nextLossScale() doubles after 2000 clean steps and halves after one that is not", () => {
  let state = initialLossScale();
  for (let step = 0; step < 1999; step++) state = nextLossScale(state, true);
  assertEquals(state, { scale: 65536, cleanSteps: 1999, skippedSteps: 0 });
  state = nextLossScale(state, true);
  assertEquals(state, { scale: 131072, cleanSteps: 0, skippedSteps: 0 });
  state = nextLossScale(nextLossScale(state, true), false);
  assertEquals(state, { scale: 65536, cleanSteps: 0, skippedSteps: 1 });
});

Deno.test("nextLossScale() does not grow beyond float32", () => {
  const options = { initial: 2 ** 127, interval: 1 };
  assertEquals(nextLossScale(initialLossScale(options), true, options).scale, 2 ** 127);
});

Deno.test("nextLossScale() refuses options out of range, with all findings", () => {
  const error = assertThrows(
    () => nextLossScale(initialLossScale(), true, { growth: 1, backoff: 2, interval: 0 }),
    RangeError,
    "growth must be above 1, found 1",
  );
  assertEquals(error.message.split(";").length, 3);
});
