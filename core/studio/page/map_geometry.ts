/**
 * The plane of a map: what is seen of it, and what lies where.
 *
 * @module
 */

/** A point of a map; both coordinates of all points lie in [0, 1]. */
export type Point = readonly [number, number];

/** What is seen of a map: the point in the middle, and how many times larger than whole it is. */
export interface MapWindow {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** The whole map. */
export const WHOLE: MapWindow = { x: 0.5, y: 0.5, zoom: 1 };

/** The largest zoom. */
const MOST = 60;

/** Margin around the whole map, as a share of its side. */
const MARGIN = 0.06;

/** Pixels of a unit of the map. */
function scaleOf({ zoom }: MapWindow, width: number, height: number): number {
  return Math.min(width, height) * (1 - 2 * MARGIN) * zoom;
}

/** Where a point is seen, in pixels of a canvas. */
export function toPixels([x, y]: Point, window: MapWindow, width: number, height: number): Point {
  const scale = scaleOf(window, width, height);
  return [width / 2 + (x - window.x) * scale, height / 2 + (y - window.y) * scale];
}

/** A window moved by so many pixels. */
export function moved(
  window: MapWindow,
  dx: number,
  dy: number,
  width: number,
  height: number,
): MapWindow {
  const scale = scaleOf(window, width, height);
  const within = (value: number): number => Math.min(1.2, Math.max(-0.2, value));
  return { ...window, x: within(window.x - dx / scale), y: within(window.y - dy / scale) };
}

/** A window zoomed by a factor about a place of the canvas, which stays where it is. */
export function zoomed(
  window: MapWindow,
  factor: number,
  [px, py]: Point,
  width: number,
  height: number,
): MapWindow {
  const zoom = Math.min(MOST, Math.max(0.5, window.zoom * factor));
  const before = scaleOf(window, width, height);
  const after = scaleOf({ ...window, zoom }, width, height);
  const keep = (middle: number, pixel: number, side: number): number =>
    middle + (pixel - side / 2) * (1 / before - 1 / after);
  return { zoom, x: keep(window.x, px, width), y: keep(window.y, py, height) };
}

/** Index of the point that is nearest to a place, if it lies within so many pixels; -1 for none. */
export function nearest(
  points: readonly Point[],
  [px, py]: Point,
  window: MapWindow,
  size: { readonly width: number; readonly height: number },
  reach: number,
): number {
  let best = -1;
  let least = reach * reach;
  points.forEach((point, i) => {
    const [x, y] = toPixels(point, window, size.width, size.height);
    const distance = (x - px) ** 2 + (y - py) ** 2;
    if (distance <= least) {
      least = distance;
      best = i;
    }
  });
  return best;
}

/** Points between those of two checkpoints; `share` 0 gives the first. */
export function between(first: readonly Point[], second: readonly Point[], share: number): Point[] {
  return first.map(([x, y], i) => {
    const [toX, toY] = second[i] ?? [x, y];
    return [x + share * (toX - x), y + share * (toY - y)];
  });
}
