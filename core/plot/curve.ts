/**
 * Curves: smoothed, and thinned to what a figure can show.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";

/** A point of a curve; a y that is not finite breaks the line. */
export type Point = readonly [x: number, y: number];

/**
 * An exponential moving average, in which each point before counts `weight` times as much as the next one, and the
 * start is corrected for the values that it lacks, as TensorBoard draws it.
 *
 * @param weight from 0, which changes nothing, up to but not including 1
 * @throws {RangeError} if the weight lies outside
 */
export function smooth(points: readonly Point[], weight: number): Point[] {
  if (!(weight >= 0 && weight < 1)) {
    throw new GenviewRangeError(
      `Cannot smooth a curve: the weight must be in [0, 1), found ${weight}`,
    );
  }
  let sum = 0;
  let total = 0;
  return points.map(([x, y]) => {
    if (!Number.isFinite(y)) return [x, y];
    sum = weight * sum + (1 - weight) * y;
    total = weight * total + (1 - weight);
    return [x, sum / total];
  });
}

/** The points of one column of pixels that its line goes through: first, lowest, highest and last. */
function outline(points: readonly Point[]): Point[] {
  const finite = points.filter(([, y]) => Number.isFinite(y));
  const broken = points.find(([, y]) => !Number.isFinite(y));
  let [low, high] = [finite[0], finite[0]];
  for (const point of finite) {
    if (point[1] < low![1]) low = point;
    if (point[1] > high![1]) high = point;
  }
  const kept = new Set([finite[0], low, high, broken, finite.at(-1)]);
  return points.filter((point) => kept.has(point));
}

/**
 * A curve of at most some five points a column that looks the same as one of many more
 * ({@link https://doi.org/10.14778/2732951.2732953 | Jugel et al. 2014}, M4).
 *
 * @param points in the order of x
 * @param columns pixels that the curve is wide
 */
export function thin(points: readonly Point[], columns: number): readonly Point[] {
  if (points.length <= 4 * columns) return points;
  const first = points[0]![0];
  const width = (points.at(-1)![0] - first) / columns;
  const thinned: Point[] = [];
  let start = 0;
  for (let end = 1; end <= points.length; end++) {
    const column = (i: number) => Math.floor((points[i]![0] - first) / width);
    if (end < points.length && column(end) === column(start)) continue;
    thinned.push(...outline(points.slice(start, end)));
    start = end;
  }
  return thinned;
}
