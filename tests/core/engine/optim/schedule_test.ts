import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { schedule, type ScheduleDescription } from "../../../../core/engine/optim/schedule.ts";

function assertCourse(
  value: (step: number) => number,
  expected: readonly (readonly [step: number, value: number])[],
): void {
  for (const [step, wanted] of expected) {
    assertAlmostEquals(
      value(step),
      wanted,
      Math.abs(wanted) * 5e-5,
      `step ${step}: ${value(step)}`,
    );
  }
}

Deno.test("schedule() gives MoCo v3's warm-up and cosine by iteration", () => {
  const rate = schedule({ kind: "cosine", value: 9.6, warmup: { epochs: 10 } }, {
    totalSteps: 31200,
    stepsPerEpoch: 312,
  });
  assertCourse(rate, [
    [0, 9.6e-4],
    [1, 0.0040376],
    [311, 0.95809416],
    [1560, 4.8020188],
    [3119, 9.6],
    [3120, 9.6],
    [17160, 4.8],
  ]);
  assertAlmostEquals(rate(31199), 3e-8, 1e-9);
});

Deno.test("schedule() gives SimSiam's cosine by epoch, constant inside an epoch", () => {
  const rate = schedule({ kind: "cosine", value: 0.05, per: "epoch" }, {
    totalSteps: 200 * 7,
    stepsPerEpoch: 7,
  });
  assertCourse(rate, [
    [0, 0.05],
    [6, 0.05],
    [7, 0.04999692],
    [13, 0.04999692],
    [700, 0.025],
  ]);
  assertAlmostEquals(rate(1399), 3.08e-6, 5e-9);
});

Deno.test("schedule() gives BYOL's warm-up by iteration before a cosine by epoch", () => {
  const rate = schedule(
    { kind: "cosine", value: 4.8, per: "epoch", warmup: { epochs: 10, per: "iteration" } },
    { totalSteps: 200 * 312, stepsPerEpoch: 312 },
  );
  assertCourse(rate, [
    [0, 4.8e-4],
    [3119, 4.8],
    [10 * 312, 4.8],
    [105 * 312, 2.4],
    [105 * 312 + 311, 2.4],
    [199 * 312, 3.2807e-4],
  ]);
});

Deno.test("schedule() gives SwAV's cosine to a floor, which it keeps", () => {
  const run = { totalSteps: 1000, stepsPerEpoch: 5 };
  const rate = schedule({ kind: "cosine", value: 0.6, end: 6e-4 }, run);
  assertCourse(rate, [[0, 0.6], [500, 0.3003], [1000, 6e-4], [1700, 6e-4]]);
});

Deno.test("schedule() gives the momentum of BYOL's moving average", () => {
  const run = { totalSteps: 1000, stepsPerEpoch: 10 };
  const momentum = schedule({ kind: "cosine", value: 0.01 }, run);
  assertCourse(momentum, [
    [0, 0.01],
    [1, 0.00999997533],
    [250, 0.00853553391],
    [500, 0.005],
    [750, 0.00146446609],
    [999, 2.4674e-8],
  ]);
  assertAlmostEquals(momentum(1), 0.00999997533, 5e-12);
});

Deno.test("schedule() divides at milestones", () => {
  const description: ScheduleDescription = { kind: "step", value: 30, milestones: [60, 80] };
  const rate = schedule(description, { totalSteps: 500, stepsPerEpoch: 5 });
  assertCourse(rate, [[0, 30], [299, 30], [300, 3], [399, 3], [400, 0.3], [499, 0.3]]);
  const halved = schedule({ ...description, factor: 0.5 }, { totalSteps: 500, stepsPerEpoch: 5 });
  assertEquals([halved(299), halved(300), halved(400)], [30, 15, 7.5]);
});

Deno.test("schedule() warms up by epoch, and needs no second step to do so", () => {
  const run = { totalSteps: 20, stepsPerEpoch: 2 };
  const warmup = { epochs: 3, startFactor: 0.5, per: "epoch" } as const;
  const rate = schedule({ kind: "constant", value: 2, warmup }, run);
  assertEquals([0, 1, 2, 3, 4, 5, 6, 19].map(rate), [1, 1, 1.5, 1.5, 2, 2, 2, 2]);
  const short = schedule({ kind: "constant", value: 2, warmup: { epochs: 0.5 } }, run);
  assertEquals([0, 1].map(short), [2, 2]);
});

Deno.test("schedule() takes a description that was JSON", () => {
  const description: ScheduleDescription = {
    kind: "cosine",
    value: 1,
    end: 0.1,
    warmup: { epochs: 1.5 },
  };
  const run = { totalSteps: 40, stepsPerEpoch: 4 };
  const [direct, parsed] = [description, JSON.parse(JSON.stringify(description))]
    .map((given) => schedule(given, run));
  for (let step = 0; step <= 40; step++) {
    assertEquals(parsed!(step), direct!(step));
    assert(direct!(step) >= 0);
  }
});

Deno.test("schedule() lists all that is wrong with a description", () => {
  const wrong = () =>
    schedule({ kind: "step", value: NaN, milestones: [3, 2], warmup: { epochs: 3 } }, {
      totalSteps: 20,
      stepsPerEpoch: 10,
    });
  const error = assertThrows(wrong, RangeError, "value must be finite, found NaN");
  for (const part of ["warmup.epochs must be in [0, 2], found 3", "found [3, 2]"]) {
    assert(error.message.includes(part), error.message);
  }
  const value = schedule({ kind: "constant", value: 1 }, { totalSteps: 1, stepsPerEpoch: 1 });
  assertThrows(() => value(-1), RangeError, "found -1");
  assertThrows(
    () => schedule({ kind: "constant", value: 1 }, { totalSteps: 0, stepsPerEpoch: 1 }),
    RangeError,
    "totalSteps must be a positive integer, found 0",
  );
});
