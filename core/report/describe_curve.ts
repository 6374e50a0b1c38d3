/**
 * Curves in words that follow from their numbers.
 *
 * @module
 */
import type { Point } from "../plot/curve.ts";

/** A number in three digits, for texts that are read and read aloud. */
export function shortNumber(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : String(value);
}

/** A share in percent, to one decimal. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** The start and the end of a curve: single points of a short one, means over a twentieth of a long, noisy one. */
export function endsOf(points: readonly Point[]): readonly [start: number, end: number] {
  const values = points.map(([, y]) => y).filter(Number.isFinite);
  const count = Math.max(1, Math.floor(values.length / 20));
  const mean = (part: readonly number[]) => part.reduce((sum, y) => sum + y, 0) / part.length;
  return [mean(values.slice(0, count)), mean(values.slice(-count))];
}

/** How a curve is put into words. */
export interface CurveWords {
  /** What stands along x, such as `epoch`. */
  readonly x: string;
  /** A value of y in words (default three digits). */
  readonly format?: (value: number) => string;
  /** Which values are good; the best one is named where it is not the last. Nothing is named when left out. */
  readonly better?: "higher" | "lower";
}

/**
 * A sentence on where a curve starts and ends, whether it rises or falls, and where its best value is.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeCurve, percent } from "./describe_curve.ts";
 *
 * const words = { x: "epoch", format: percent, better: "higher" } as const;
 * assertEquals(describeCurve([[0, 0.3], [1, 0.42], [2, 0.4]], words), "It rises from 30.0 % to 40.0 %; the best, 42.0 %, is at epoch 1.");
 * assertEquals(describeCurve([[0, 0.3], [1, 0.2]], words), "It falls from 30.0 % to 20.0 %; the best, 30.0 %, is at epoch 0.");
 * assertEquals(describeCurve([[0, 0.3], [1, 0.30001]], words), "It starts and ends at 30.0 %.");
 * ```
 */
export function describeCurve(
  points: readonly Point[],
  { x, format = shortNumber, better }: CurveWords,
): string {
  const finite = points.filter(([, y]) => Number.isFinite(y));
  if (finite.length === 0) return "It has no values.";
  const [start, end] = endsOf(finite);
  const [first, last] = [format(start), format(end)];
  const course = first === last
    ? `It starts and ends at ${last}`
    : `It ${end > start ? "rises" : "falls"} from ${first} to ${last}`;
  if (better === undefined) return `${course}.`;
  const sign = better === "higher" ? 1 : -1;
  const best = finite.reduce((most, point) => sign * point[1] > sign * most[1] ? point : most);
  const named = format(best[1]) === last
    ? ""
    : `; the best, ${format(best[1])}, is at ${x} ${best[0]}`;
  return `${course}${named}.`;
}
