/**
 * Curves of a run: smoothed, lengthened while it trains, and placed along steps or time.
 *
 * @module
 */
import type { Series, SeriesAnswer } from "../api/runs.ts";

/** Values that may be missing. */
export type Values = readonly (number | null)[];

/**
 * Exponential moving average without the pull of its start: the first value is itself. Missing values stay missing.
 *
 * @param weight of what came before, in [0, 1); 0 leaves the values as they are
 */
export function smooth(values: Values, weight: number): (number | null)[] {
  if (weight <= 0) return [...values];
  let sum = 0;
  let total = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + (1 - weight) * value;
    total = weight * total + (1 - weight);
    return sum / total;
  });
}

/** Values of a logarithmic axis, which has no place for zero and below. */
export function positiveOnly(values: Values): (number | null)[] {
  return values.map((value) => value !== null && value > 0 ? value : null);
}

/** The last value that is there. */
export function lastOf(values: Values): number | undefined {
  return values.findLast((value) => value !== null) ?? undefined;
}

function lengthenOne(before: Series, added: Series): Series {
  const last = before.steps.at(-1) ?? -Infinity;
  const from = added.steps.findIndex((step) => step > last);
  if (from < 0) return before;
  const rest = <T>(values: readonly T[]): readonly T[] => values.slice(from);
  const bounds = (name: "lows" | "highs"): Values | undefined => {
    if (before[name] === undefined && added[name] === undefined) return undefined;
    return [...before[name] ?? before.values, ...rest(added[name] ?? added.values)];
  };
  const lows = bounds("lows");
  const highs = bounds("highs");
  return {
    name: before.name,
    steps: [...before.steps, ...rest(added.steps)],
    seconds: [...before.seconds, ...rest(added.seconds)],
    values: [...before.values, ...rest(added.values)],
    ...lows === undefined ? {} : { lows },
    ...highs === undefined ? {} : { highs },
  };
}

function lengthenAll(before: readonly Series[], added: readonly Series[]): readonly Series[] {
  const news = new Map(added.map((series) => [series.name, series]));
  const longer = before.map((series) => {
    const more = news.get(series.name);
    news.delete(series.name);
    return more === undefined ? series : lengthenOne(series, more);
  });
  return [...longer, ...news.values()];
}

/** Curves with the values that have come since; what is known already is left out. */
export function lengthen(before: SeriesAnswer, added: SeriesAnswer): SeriesAnswer {
  return {
    ...before,
    steps: lengthenAll(before.steps, added.steps),
    epochs: lengthenAll(before.epochs, added.epochs),
  };
}

/** The last step that any curve has a value of; -1 for none. */
export function lastStep(answer: SeriesAnswer | undefined): number {
  const curves = [...answer?.steps ?? [], ...answer?.epochs ?? []];
  return curves.reduce((last, { steps }) => Math.max(last, steps.at(-1) ?? -1), -1);
}

/** Most points of any curve. */
export function pointsOf(answer: SeriesAnswer): number {
  return [...answer.steps, ...answer.epochs]
    .reduce((most, { steps }) => Math.max(most, steps.length), 0);
}

/** What the horizontal axis shows. */
export type Axis = "steps" | "time";

/** Places of a curve's points on the horizontal axis: steps, or hours. */
export function placesOf(series: Series, axis: Axis): readonly number[] {
  return axis === "steps" ? series.steps : series.seconds.map((seconds) => seconds / 3600);
}

/** The step at a place of the horizontal axis, by the curve's nearest point. */
export function stepAt(series: Series, axis: Axis, place: number): number {
  if (axis === "steps") return Math.round(place);
  const places = placesOf(series, axis);
  let low = 0;
  let high = places.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] as number) < place) low = middle + 1;
    else high = middle;
  }
  return series.steps[low] ?? 0;
}
