/**
 * Schedules: what a scalar is at each step of a run.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";

/** When a value may change: at each step, or at the start of each epoch. */
export type Granularity = "iteration" | "epoch";

/** A linear rise to the value at the start of a run. */
export interface WarmUp {
  /** Length, which may be a fraction. */
  readonly epochs: number;
  /** Share of the value at the first step (default 1e-4). */
  readonly startFactor?: number;
  /** When the value rises (default at each iteration). */
  readonly per?: Granularity;
}

/** The schedule of a scalar, as data; `value` is what it is after the warm-up. */
export type ScheduleDescription =
  & { readonly value: number; readonly warmup?: WarmUp }
  & (
    | { readonly kind: "constant" }
    | {
      /** Falls or rises from `value` to `end` (default 0) along half a cosine. */
      readonly kind: "cosine";
      readonly end?: number;
      /** Default at each iteration. */
      readonly per?: Granularity;
    }
    | {
      /** Is multiplied by `factor` (default 0.1) at the start of each epoch listed. */
      readonly kind: "step";
      readonly milestones: readonly number[];
      readonly factor?: number;
    }
  );

/** How long a run is. */
export interface RunLength {
  /** Steps of the whole run. */
  readonly totalSteps: number;
  /** Steps of each epoch. */
  readonly stepsPerEpoch: number;
}

/** A count of steps in units of a granularity. */
function inUnits(steps: number, stepsPerEpoch: number, per: Granularity): number {
  return per === "epoch" ? Math.floor(steps / stepsPerEpoch) : steps;
}

/** Reaches 1 at the last step of the warm-up, as mmengine's LinearParamScheduler does. */
function warmUpFactor(warmup: WarmUp, step: number, stepsPerEpoch: number): number {
  const { epochs, startFactor = 1e-4, per = "iteration" } = warmup;
  const length = per === "epoch" ? Math.ceil(epochs) : Math.round(epochs * stepsPerEpoch);
  const position = inUnits(step, stepsPerEpoch, per);
  return length <= 1 ? 1 : startFactor + (1 - startFactor) * Math.min(1, position / (length - 1));
}

function check(description: ScheduleDescription, { totalSteps, stepsPerEpoch }: RunLength): void {
  const { value, warmup } = description;
  const positive = (name: string, found: number) =>
    Number.isInteger(found) && found >= 1
      ? []
      : [`${name} must be a positive integer, found ${found}`];
  const wrong = [
    ...(Number.isFinite(value) ? [] : [`value must be finite, found ${value}`]),
    ...positive("totalSteps", totalSteps),
    ...positive("stepsPerEpoch", stepsPerEpoch),
  ];
  const epochs = warmup?.epochs ?? 0;
  if (!(epochs >= 0 && epochs * stepsPerEpoch <= totalSteps)) {
    wrong.push(
      `warmup.epochs must be in [0, ${totalSteps / stepsPerEpoch}], found ${epochs}`,
    );
  }
  if (description.kind === "step") {
    const { milestones } = description;
    if (milestones.some((epoch, i) => !(epoch > (milestones[i - 1] ?? 0)))) {
      wrong.push(`milestones must be positive and ascending, found [${milestones.join(", ")}]`);
    }
  }
  if (wrong.length > 0) throw new GenviewRangeError(`Cannot make a schedule: ${wrong.join("; ")}`);
}

/**
 * A schedule of a scalar, from 0-based steps to values: the closed forms of mmengine's parameter schedulers.
 *
 * In a warm-up of W steps the value is `value (s + (1 - s) t / (W - 1))`; then, for T steps to the end of the run, a
 * cosine is `end + (value - end) (1 + cos(pi (t - W) / T)) / 2`. With `per: "epoch"` all of W, T and t count epochs.
 * The momentum of a momentum encoder, as CosineEMA has it, is a cosine without warm-up.
 *
 * ```ts
 * import { schedule } from "./schedule.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const rate = schedule({ kind: "cosine", value: 0.1 }, { totalSteps: 100, stepsPerEpoch: 10 });
 * assertEquals(rate(0), 0.1);
 * ```
 *
 * @throws {RangeError} if a number is out of range, with all findings
 */
export function schedule(
  description: ScheduleDescription,
  run: RunLength,
): (step: number) => number {
  check(description, run);
  const { value, warmup } = description;
  const { totalSteps, stepsPerEpoch } = run;
  const warmUpSteps = Math.round((warmup?.epochs ?? 0) * stepsPerEpoch);
  const after = course(description, run, warmUpSteps);
  return (step) => {
    if (!Number.isInteger(step) || step < 0) {
      throw new GenviewRangeError(
        `Cannot read a schedule: the step must be a non-negative integer, found ${step}`,
      );
    }
    return step < warmUpSteps
      ? value * warmUpFactor(warmup!, step, stepsPerEpoch)
      : after(Math.min(step, totalSteps));
  };
}

/** The course after the warm-up. */
function course(
  description: ScheduleDescription,
  { totalSteps, stepsPerEpoch }: RunLength,
  warmUpSteps: number,
): (step: number) => number {
  const { value } = description;
  switch (description.kind) {
    case "constant":
      return () => value;
    case "step": {
      const { milestones, factor = 0.1 } = description;
      return (step) =>
        value * factor ** milestones.filter((epoch) => step >= epoch * stepsPerEpoch).length;
    }
    case "cosine": {
      const { end = 0, per = "iteration" } = description;
      const first = inUnits(warmUpSteps, stepsPerEpoch, per);
      const length = Math.max(
        1,
        (per === "epoch" ? Math.ceil(totalSteps / stepsPerEpoch) : totalSteps) - first,
      );
      return (step) => {
        const share = (inUnits(step, stepsPerEpoch, per) - first) / length;
        return end + (value - end) * (1 + Math.cos(Math.PI * share)) / 2;
      };
    }
  }
}
