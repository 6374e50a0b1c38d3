/**
 * Curves with as many points as a chart has room for, in which no spike is lost.
 *
 * @module
 */
import type { Series } from "../api/runs.ts";
import type { NamedColumns } from "./derived_columns.ts";
import { MISSING } from "./log_columns.ts";

/** What of a log is asked for. */
export interface SeriesQuery {
  /** Metrics; all when left out. */
  readonly names?: readonly string[] | undefined;
  /** First step (default the first of the log). */
  readonly from?: number | undefined;
  /** Last step (default the last of the log). */
  readonly to?: number | undefined;
  /** Most points of a curve. */
  readonly points: number;
}

/** Curves, and whether none of their values was left out. */
export interface SampledLog {
  readonly series: readonly Series[];
  readonly exact: boolean;
}

/** The first index at which sorted steps reach a step. */
function firstAt(steps: Float64Array, step: number): number {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (steps[middle]! < step) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Seconds since the first record: the sum of what the records took, those before a record included. */
export class Clock {
  #sums = new Float64Array(0);
  #length = 0;

  /** Seconds after each record; those before it when no record says how long it took. */
  of(columns: NamedColumns & { readonly length: number }): Float64Array {
    const seconds = columns.column("seconds");
    const { length } = columns;
    if (length < this.#length) this.#length = 0;
    if (this.#sums.length < length) {
      const grown = new Float64Array(Math.max(length, this.#sums.length * 2));
      grown.set(this.#sums.subarray(0, this.#length));
      this.#sums = grown;
    }
    let sum = this.#length > 0 ? this.#sums[this.#length - 1]! : 0;
    for (let row = this.#length; row < length; row++) {
      const value = seconds?.[row] ?? MISSING;
      if (value !== MISSING && Number.isFinite(value)) sum += value;
      this.#sums[row] = sum;
    }
    this.#length = length;
    return this.#sums.subarray(0, length);
  }

  /** Forgets all, when a log was written anew. */
  reset(): void {
    this.#length = 0;
  }
}

const asJson = (value: number): number | null => Number.isFinite(value) ? value : null;

/** All values of a stretch of a log. */
function exactSeries(
  name: string,
  { steps, seconds, values }: Curve,
  [start, end]: readonly [number, number],
): Series {
  const found: { steps: number[]; seconds: number[]; values: (number | null)[] } = {
    steps: [],
    seconds: [],
    values: [],
  };
  for (let row = start; row < end; row++) {
    if (values[row] === MISSING) continue;
    found.steps.push(steps[row]!);
    found.seconds.push(seconds[row]!);
    found.values.push(asJson(values[row]!));
  }
  return { name, ...found };
}

interface Curve {
  readonly steps: Float64Array;
  readonly seconds: Float64Array;
  readonly values: Float64Array;
}

/** Means, lowest and highest values of as many parts of a stretch as there may be points. */
function sampledSeries(
  name: string,
  { steps, seconds, values }: Curve,
  [start, end]: readonly [number, number],
  points: number,
): Series {
  const found = {
    steps: [] as number[],
    seconds: [] as number[],
    values: [] as (number | null)[],
    lows: [] as (number | null)[],
    highs: [] as (number | null)[],
  };
  for (let part = 0; part < points; part++) {
    const first = start + Math.floor((end - start) * part / points);
    const last = start + Math.floor((end - start) * (part + 1) / points);
    let [sum, count, low, high, there] = [0, 0, Infinity, -Infinity, -1];
    for (let row = first; row < last; row++) {
      const value = values[row]!;
      if (value === MISSING) continue;
      there = row;
      // NaN is neither below nor above.
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (there < 0) continue;
    found.steps.push(steps[there]!);
    found.seconds.push(seconds[there]!);
    found.values.push(asJson(sum / count));
    found.lows.push(asJson(low));
    found.highs.push(asJson(high));
  }
  return { name, ...found };
}

/** How many values a stretch has, counted up to one more than a limit. */
function countPresent(
  values: Float64Array,
  [start, end]: readonly [number, number],
  limit: number,
): number {
  let count = 0;
  for (let row = start; row < end && count <= limit; row++) if (values[row] !== MISSING) count++;
  return count;
}

/** What is sampled of a log. */
export interface SampledColumns {
  /** Step of each record. */
  readonly steps: Float64Array;
  /** Seconds after each record. */
  readonly seconds: Float64Array;
  /** Names of all metrics. */
  readonly names: readonly string[];
  /** Values of a metric. */
  readonly column: (name: string) => Float64Array | undefined;
}

/**
 * Curves of a log: all values of a stretch where there is room for them, or else the mean of each of its parts with the
 * lowest and the highest value.
 *
 * @param prefix stands before the names in the answer, for runs of several logs
 */
export function sampleLog(
  { steps, seconds, names: all, column }: SampledColumns,
  { names, from = -Infinity, to = Infinity, points }: SeriesQuery,
  prefix = "",
): SampledLog {
  const stretch = [firstAt(steps, from), firstAt(steps, nextAfter(to))] as const;
  let exact = true;
  const series = all.flatMap((name) => {
    const shown = `${prefix}${name}`;
    const values = names === undefined || names.includes(shown) ? column(name) : undefined;
    if (values === undefined) return [];
    const curve = { steps, seconds, values };
    const count = countPresent(values, stretch, points);
    if (count === 0) return [];
    if (count <= points) return [exactSeries(shown, curve, stretch)];
    exact = false;
    return [sampledSeries(shown, curve, stretch, points)];
  });
  return { series, exact };
}

/** The step after the last one of a stretch. */
function nextAfter(step: number): number {
  return Math.floor(step) + 1;
}
