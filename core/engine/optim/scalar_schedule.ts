/**
 * Schedules of a method's scalars and of weight decay: a change from one value to another at some time of a run.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import type { Granularity, RunLength } from "./schedule.ts";

/** How a scalar changes: not at all, along a line, along half a cosine, or at once. */
export type ScalarScheduleKind = "constant" | "linear" | "cosine" | "step";

/** The schedule of a scalar, as data. */
export interface ScalarSchedule {
  /** Its value before it changes. */
  readonly from: number;
  /** Its value afterwards. */
  readonly to?: number;
  /** How it changes (default `cosine`, or `constant` without `to`). */
  readonly kind?: ScalarScheduleKind;
  /** Epochs that the change takes, which may be a fraction (default all to the end of the run); not of a `step`. */
  readonly epochs?: number;
  /** Epoch at whose start the change begins, counted from 0 (default 0); a `step` needs it. */
  readonly startEpoch?: number;
  /** How often a line or cosine moves on (default at each iteration). */
  readonly per?: Granularity;
}

/** A schedule without gaps; one that never changes has no length. */
interface Course {
  readonly kind: ScalarScheduleKind;
  readonly from: number;
  readonly to: number;
  /** Step, or epoch, at which the change begins. */
  readonly start: number;
  /** Steps, or epochs, that it takes. */
  readonly length: number;
}

function findings(given: ScalarSchedule, kind: ScalarScheduleKind): string[] {
  const { from, to, epochs, startEpoch, per } = given;
  const finite = Object.entries({ from, to }).flatMap(([name, value]) =>
    value === undefined || Number.isFinite(value) ? [] : [`${name} must be finite, found ${value}`]
  );
  const superfluous = (names: Readonly<Record<string, unknown>>) =>
    Object.entries(names).filter(([, value]) => value !== undefined).map(([name, value]) =>
      `a ${kind} schedule must have no ${name}, found ${JSON.stringify(value)}`
    );
  if (kind === "constant") return [...finite, ...superfluous({ to, epochs, startEpoch, per })];
  return [
    ...finite,
    ...(to === undefined ? [`a ${kind} schedule must have a value to change to, found no to`] : []),
    ...(epochs === undefined || epochs > 0 && Number.isFinite(epochs)
      ? []
      : [`epochs must be above 0, found ${epochs}`]),
    ...(startEpoch === undefined || startEpoch >= 0 && Number.isFinite(startEpoch)
      ? []
      : [`startEpoch must be 0 or more, found ${startEpoch}`]),
    ...(kind === "step" ? superfluous({ epochs, per }) : []),
    ...(kind === "step" && startEpoch === undefined
      ? ["a step schedule must say when it changes, found no startEpoch"]
      : []),
  ];
}

function courseOf(
  given: ScalarSchedule,
  kind: ScalarScheduleKind,
  { totalSteps, stepsPerEpoch }: RunLength,
): Course {
  const { from, to = from, epochs, startEpoch = 0, per = "iteration" } = given;
  const inUnits = (count: number) =>
    per === "epoch" ? Math.ceil(count) : Math.round(count * stepsPerEpoch);
  const start = inUnits(startEpoch);
  const rest = inUnits(totalSteps / stepsPerEpoch) - start;
  return {
    kind,
    from,
    to,
    start,
    length: Math.max(1, epochs === undefined ? rest : inUnits(epochs)),
  };
}

/** The value at a position from the start of a course, in the course's units. */
function valueAt({ kind, from, to, length }: Course, position: number): number {
  if (position < 0) return from;
  if (position >= length || kind === "step") return to;
  if (kind === "linear") return length === 1 ? to : from + (to - from) * position / (length - 1);
  return to + (from - to) * (1 + Math.cos(Math.PI * position / length)) / 2;
}

/**
 * A schedule of a scalar, from 0-based steps to values.
 *
 * For a change of W steps that begins with step S the value is `from` before; `from + (to - from) (t - S) / (W - 1)`
 * along a line, which reaches `to` in the last of these steps, as numpy's linspace and mmengine's warm-up do;
 * `to + (from - to) (1 + cos(pi (t - S) / W)) / 2` along a cosine, which reaches it one step later, as mmengine's
 * CosineEMA does; and `to` from then on. With `per: "epoch"` all of them count epochs.
 *
 * @example The temperature of DINO's teacher
 * ```ts
 * import { scalarSchedule } from "./scalar_schedule.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const temperature = scalarSchedule(
 *   { from: 0.04, to: 0.07, kind: "linear", epochs: 4, per: "epoch" },
 *   { totalSteps: 100, stepsPerEpoch: 10 },
 * );
 * assertEquals([0, 9, 10, 30, 99].map((step) => temperature(step).toFixed(2)), [
 *   "0.04",
 *   "0.04",
 *   "0.05",
 *   "0.07",
 *   "0.07",
 * ]);
 * ```
 *
 * @throws {RangeError} if the values do not fit the kind, or are out of range, with all findings
 */
export function scalarSchedule(given: ScalarSchedule, run: RunLength): (step: number) => number {
  const kind = given.kind ?? (given.to === undefined ? "constant" : "cosine");
  const wrong = findings(given, kind);
  if (wrong.length > 0) throw new GenviewRangeError(`Cannot make a schedule: ${wrong.join("; ")}`);
  if (kind === "constant") return () => given.from;
  const course = courseOf(given, kind, run);
  return (step) => {
    const units = given.per === "epoch" ? Math.floor(step / run.stepsPerEpoch) : step;
    return valueAt(course, units - course.start);
  };
}
