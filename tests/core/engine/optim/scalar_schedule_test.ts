import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  type ScalarSchedule,
  scalarSchedule,
} from "../../../../core/engine/optim/scalar_schedule.ts";

const RUN = { totalSteps: 40, stepsPerEpoch: 4 };

/** Values at some steps, to nine decimals. */
function valuesOf(given: ScalarSchedule, steps: readonly number[], run = RUN): number[] {
  const at = scalarSchedule(given, run);
  return steps.map((step) => Number(at(step).toFixed(9)));
}

Deno.test("scalarSchedule() stays where it is without another value", () => {
  assertEquals(valuesOf({ from: 0.2 }, [0, 20, 39]), [0.2, 0.2, 0.2]);
  assertEquals(valuesOf({ from: 0.2, kind: "constant" }, [0, 20, 39]), [0.2, 0.2, 0.2]);
});

Deno.test("scalarSchedule() gives the cosine of a momentum encoder over the whole run by default", () => {
  const run = { totalSteps: 1000, stepsPerEpoch: 10 };
  const at = scalarSchedule({ from: 0.99, to: 1 }, run);
  // 1 - m with m as mmengine's CosineEMA has it.
  const expected = [
    [0, 0.01],
    [1, 0.00999997533],
    [250, 0.00853553391],
    [500, 0.005],
    [750, 0.00146446609],
    [999, 2.4674e-8],
    [1000, 0],
  ] as const;
  for (const [step, rate] of expected) assertAlmostEquals(1 - at(step), rate, 6e-12);
});

Deno.test("scalarSchedule() gives the temperature of DINO's teacher: a line by epoch, then constant", () => {
  // numpy.linspace(0.04, 0.07, 30), then 0.07.
  const given = { from: 0.04, to: 0.07, kind: "linear", epochs: 30, per: "epoch" } as const;
  const run = { totalSteps: 100 * 7, stepsPerEpoch: 7 };
  assertEquals(
    valuesOf(given, [0, 6, 7, 10 * 7, 28 * 7, 29 * 7, 30 * 7, 99 * 7], run),
    [0.04, 0.04, 0.041034483, 0.050344828, 0.068965517, 0.07, 0.07, 0.07],
  );
});

Deno.test("scalarSchedule() gives DINO's weight decay, a cosine that rises by iteration", () => {
  const given = { from: 0.04, to: 0.4 };
  const run = { totalSteps: 400, stepsPerEpoch: 4 };
  // 0.4 + 0.5 (0.04 - 0.4) (1 + cos(pi t / 400)).
  assertEquals(
    valuesOf(given, [0, 1, 100, 200, 399], run),
    [0.04, 0.040005552, 0.092720779, 0.22, 0.399994448],
  );
});

Deno.test("scalarSchedule() begins at an epoch and ends after some, however the run goes on", () => {
  const window = { from: 0, to: 1, startEpoch: 2, epochs: 1.5 } as const;
  assertEquals(
    valuesOf({ ...window, kind: "linear" }, [0, 7, 8, 9, 13, 14, 39]),
    [0, 0, 0, 0.2, 1, 1, 1],
  );
  assertEquals(
    valuesOf({ ...window, kind: "cosine" }, [7, 8, 11, 13, 14, 39]),
    [0, 0, 0.5, 0.933012702, 1, 1],
  );
  assertEquals(
    valuesOf({ from: 0, to: 1, kind: "linear", startEpoch: 8 }, [31, 32, 35, 39, 40]),
    [0, 0, 0.428571429, 1, 1],
  );
  // A run that is shorter than the change takes its beginning.
  assertEquals(
    valuesOf({ from: 0, to: 1, kind: "linear", epochs: 20, per: "epoch" }, [0, 39]),
    [0, 0.473684211],
  );
});

Deno.test("scalarSchedule() moves on by epoch where that is asked for, and jumps by a step", () => {
  assertEquals(
    valuesOf({ from: 1, to: 0, per: "epoch" }, [0, 3, 4, 20, 23, 39]),
    [1, 1, 0.975528258, 0.5, 0.5, 0.024471742],
  );
  assertEquals(
    valuesOf({ from: 1, to: 3, kind: "step", startEpoch: 1.5 }, [0, 5, 6, 39]),
    [1, 1, 3, 3],
  );
});

Deno.test("scalarSchedule() lists all that does not fit its kind", () => {
  const cases: readonly (readonly [ScalarSchedule, string])[] = [
    [{ from: NaN, to: Infinity }, "from must be finite, found NaN; to must be finite"],
    [{ from: 1, kind: "linear" }, "a linear schedule must have a value to change to, found no to"],
    [{ from: 1, epochs: 3 }, "a constant schedule must have no epochs, found 3"],
    [{ from: 1, to: 2, kind: "constant" }, "a constant schedule must have no to, found 2"],
    [{ from: 1, to: 2, epochs: 0 }, "epochs must be above 0, found 0"],
    [{ from: 1, to: 2, startEpoch: -1 }, "startEpoch must be 0 or more, found -1"],
    [{ from: 1, to: 2, kind: "step" }, "must say when it changes, found no startEpoch"],
    [
      { from: 1, to: 2, kind: "step", startEpoch: 1, per: "epoch" },
      'a step schedule must have no per, found "epoch"',
    ],
  ];
  for (const [given, message] of cases) {
    assertThrows(() => scalarSchedule(given, RUN), RangeError, message);
  }
});
