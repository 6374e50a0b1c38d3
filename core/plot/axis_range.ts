/**
 * Ranges of axes, and places for labels beside them.
 *
 * @module
 */

/** Lowest and highest of some values that are finite; [0, 1] if there are none. */
export function extent(values: Iterable<number>): [low: number, high: number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? [0, 1] : [low, high];
}

/** The distance of some `count` ticks over a length: 1, 2 or 5 times a power of ten. */
function tickStep(length: number, count: number): number {
  const rough = length / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = rough / power;
  return power * (factor >= 7.5 ? 10 : factor >= 3.5 ? 5 : factor >= 1.5 ? 2 : 1);
}

/** A range that begins and ends at ticks and holds another one; a single value gets room on both sides. */
export function niceRange(low: number, high: number): [low: number, high: number] {
  if (low === high) {
    const room = Math.abs(low) / 2 || 0.5;
    return niceRange(low - room, high + room);
  }
  const step = tickStep(high - low, 5);
  // Division by a step below 1 leaves rounding errors; its inverse is a whole number and does not.
  const scale = step < 1 ? 1 / Math.round(1 / step) : step;
  const below = Math.floor(low / scale + 1e-9);
  const above = Math.ceil(high / scale - 1e-9);
  const inverse = Math.round(1 / scale);
  return step < 1 ? [below / inverse, above / inverse] : [below * scale, above * scale];
}

/** Something that takes room along an axis. */
export interface Placed {
  /** Where its middle would best be. */
  readonly center: number;
  readonly size: number;
}

/**
 * Middles that keep labels from overlapping, as near as can be to the best ones and in the same order; within
 * [low, high] if all of them fit there.
 */
export function spreadApart(labels: readonly Placed[], low: number, high: number): number[] {
  const order = labels.map((_, i) => i).sort((a, b) => labels[a]!.center - labels[b]!.center);
  const starts = new Map<number, number>();
  let free = low;
  for (const i of order) {
    const { center, size } = labels[i]!;
    const start = Math.max(center - size / 2, free);
    starts.set(i, start);
    free = start + size;
  }
  let limit = high;
  for (const i of order.toReversed()) {
    const { size } = labels[i]!;
    const start = Math.min(starts.get(i)!, limit - size);
    starts.set(i, start);
    limit = start;
  }
  return labels.map(({ size }, i) => starts.get(i)! + size / 2);
}
