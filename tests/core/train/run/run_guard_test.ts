import { assertThrows } from "@std/assert";
import {
  COLLAPSED_SHARE,
  COLLAPSED_STEPS,
  RunGuard,
  TrainingError,
} from "../../../../core/train/run/run_guard.ts";

const healthy = { loss: -0.5, gradientNorm: 1, spread: 0.08 };

Deno.test("RunGuard lets a healthy run pass", () => {
  const guard = new RunGuard(128);
  for (let step = 1; step <= 2 * COLLAPSED_STEPS; step++) guard.check({ step, ...healthy });
});

Deno.test("RunGuard stops at a loss or gradient that is no number", () => {
  for (const bad of [{ loss: NaN }, { loss: Infinity }, { gradientNorm: NaN }]) {
    assertThrows(
      () => new RunGuard(128).check({ step: 7, ...healthy, ...bad }),
      TrainingError,
      "Cannot continue the run after step 7",
    );
  }
});

Deno.test("RunGuard stops when the embeddings stay collapsed, and not before", () => {
  const guard = new RunGuard(100);
  const spread = COLLAPSED_SHARE * 0.1 / 2;
  const collapsed = { ...healthy, spread };
  let step = 1;
  for (; step < COLLAPSED_STEPS; step++) guard.check({ step, ...collapsed });
  guard.check({ step: step++, ...healthy });
  for (let again = 1; again < COLLAPSED_STEPS; again++) guard.check({ step: step++, ...collapsed });
  assertThrows(
    () => guard.check({ step, ...collapsed }),
    TrainingError,
    "the embeddings have collapsed",
  );
});
