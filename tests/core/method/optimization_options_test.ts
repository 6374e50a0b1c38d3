import { assertEquals, assertThrows } from "@std/assert";
import {
  type PartialConfiguration,
  resolveConfiguration,
} from "../../../core/method/resolve_configuration.ts";

Deno.test("the configuration takes schedules of all kinds, and weight decay as a number or a schedule", () => {
  const scheduled = {
    encoderMomentum: { from: 0.99, to: 1 },
    temperature: { from: 0.04, to: 0.07, kind: "linear", epochs: 30, per: "epoch" },
    margin: { from: -1, to: 2, kind: "step", startEpoch: 3 },
    weight: { from: 1, kind: "constant" },
  } as const;
  const weightDecay = { from: 0.04, to: 0.4, kind: "cosine" } as const;
  const found = resolveConfiguration({ scheduled, weightDecay });
  assertEquals([found.scheduled, found.weightDecay], [scheduled, weightDecay]);
  assertEquals(resolveConfiguration({ weightDecay: 0.1 }).weightDecay, 0.1);
});

Deno.test("the configuration refuses what is no schedule, and options of optimizers out of range", () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [{ scheduled: { t: { to: 1 } } }, "scheduled.t must have required property 'from'"],
    [{ scheduled: { t: 0.1 } }, "scheduled.t must be object, found 0.1"],
    [
      { scheduled: { t: { from: 1, kind: "square" } } },
      "scheduled.t.kind must be equal to one of the allowed values constant, linear, cosine, step, found",
    ],
    [
      { scheduled: { t: { from: 1, epoch: 3 } } },
      'scheduled.t.epoch is not known: did you mean "epochs"?',
    ],
    [{ scheduled: { t: { from: 1, epochs: 0 } } }, "scheduled.t.epochs must be > 0, found 0"],
    [{ weightDecay: -1 }, "weightDecay must be >= 0, found -1"],
    [{ weightDecay: { from: -1, to: 0 } }, "weightDecay.from must be >= 0, found -1"],
    [{ weightDecay: "much" }, 'weightDecay must be number,object, found "much"'],
    [{ larsVariant: "larc-clipped" }, "larsVariant must be equal to one of the allowed values"],
    [{ eta: 0 }, "eta must be > 0, found 0"],
    [{ beta1: 1 }, "beta1 must be < 1, found 1"],
    [{ beta2: -0.5 }, "beta2 must be >= 0, found -0.5"],
    [{ epsilon: -1 }, "epsilon must be >= 0, found -1"],
    [{ warmupStartFactor: 2 }, "warmupStartFactor must be <= 1, found 2"],
    [
      { warmupPer: "step" },
      "warmupPer must be equal to one of the allowed values epoch, iteration",
    ],
  ];
  for (const [given, message] of cases) {
    assertThrows(() => resolveConfiguration(given as PartialConfiguration), TypeError, message);
  }
});

Deno.test("resolveConfiguration() takes a schedule from a later part, and keeps the others", () => {
  const preset = {
    scheduled: { encoderMomentum: { from: 0.99, to: 1 }, temperature: { from: 1 } },
  };
  const { scheduled } = resolveConfiguration(preset, { scheduled: { temperature: { from: 0.2 } } });
  assertEquals(scheduled, {
    encoderMomentum: { from: 0.99, to: 1 },
    temperature: { from: 0.2 },
  });
  assertThrows(
    () => resolveConfiguration({ scheduled: 3 as never }),
    TypeError,
    "configuration.scheduled must be an object",
  );
});
