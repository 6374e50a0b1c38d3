/**
 * Histograms: how values are spread.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { type Axis, axisOf, checkNames, colorsOf, type Layer, type Range } from "./axes.ts";
import { extent, niceRange } from "./axis_range.ts";
import { renderSvg } from "./render.ts";
import { FONT_SIZE, INK, LINE_HEIGHT, PAPER } from "./theme.ts";

/** Values of one kind. */
export interface Sample {
  /** Stands in the legend where there are several. */
  readonly name: string;
  /** What is counted. */
  readonly values: ArrayLike<number>;
}

/** What a histogram shows. */
export interface Histogram {
  /** One or several kinds, drawn over each other; values that are not finite are left out. */
  readonly samples: readonly Sample[];
  /** Stands above the chart. */
  readonly title: string;
  /** What the values are, with their unit. */
  readonly xLabel: string;
  /** "values" by default, or "share of values" if there are several kinds. */
  readonly yLabel?: string;
  /** Number of bins; 30 by default. */
  readonly bins?: number;
  /** Range of values; by default one that holds all. Values outside are left out. */
  readonly range?: Range;
  /** Vertical lines, such as at a mean or a threshold. */
  readonly marks?: readonly { readonly value: number; readonly label: string }[];
  /** Pixels between the axes; 560 by default. */
  readonly width?: number;
  /** Pixels between the axes; 200 by default. */
  readonly height?: number;
}

const DEFAULT_BINS = 30;
const DEFAULT_WIDTH = 560;
const DEFAULT_HEIGHT = 200;

/**
 * How many values lie in each of `bins` equal parts of [low, high]; the highest value belongs to the last part.
 *
 * @throws {RangeError} if there is no bin or the range is empty
 */
export function countBins(
  values: ArrayLike<number>,
  [low, high]: Range,
  bins: number,
): number[] {
  if (!Number.isInteger(bins) || bins < 1 || !(high > low)) {
    throw new GenviewRangeError(
      `Cannot count values: there must be bins over a range, found ${bins} over [${low}, ${high}]`,
    );
  }
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(value >= low && value <= high)) continue;
    counts[Math.min(Math.floor((value - low) / (high - low) * bins), bins - 1)]!++;
  }
  return counts;
}

function rangeOf({ samples, range }: Histogram): Range {
  if (range) return range;
  const extents = samples.flatMap(({ values }) => extent(Array.from(values)));
  return niceRange(Math.min(...extents), Math.max(...extents));
}

interface Bar {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly height: number;
}

function barsOf(histogram: Histogram, range: Range): Bar[] {
  const { samples, bins = DEFAULT_BINS } = histogram;
  const step = (range[1] - range[0]) / bins;
  return samples.flatMap(({ name, values }) => {
    const counts = countBins(values, range, bins);
    const total = samples.length > 1 ? counts.reduce((sum, count) => sum + count, 0) || 1 : 1;
    return counts.map((count, i) => ({
      name,
      from: range[0] + i * step,
      to: range[0] + (i + 1) * step,
      height: count / total,
    }));
  });
}

/** Vertical lines, and above them all their labels, each in a row of its own so that none covers another. */
function markLayers(marks: NonNullable<Histogram["marks"]>, x: Axis): Layer[] {
  const [low, high] = x.scale.domain as [number, number];
  const dataOf = (value: number) => ({ values: [{ from: value }] });
  const rules = marks.map(({ value }): Layer => ({
    data: dataOf(value),
    mark: { type: "rule", color: INK, strokeDash: [4, 3], strokeWidth: 1.5 },
    encoding: { x },
  }));
  const labels = marks.flatMap(({ value, label }, row): Layer[] => {
    const isFarRight = value > low + 0.7 * (high - low);
    const text = {
      type: "text",
      text: label,
      align: isFarRight ? "right" : "left",
      baseline: "top",
      dx: isFarRight ? -5 : 5,
      fontSize: FONT_SIZE,
    } as const;
    const data = dataOf(value);
    const encoding = { x, y: { value: row * LINE_HEIGHT } };
    return [
      // A halo keeps the label readable where bars lie behind it.
      { data, mark: { ...text, color: PAPER, stroke: PAPER, strokeWidth: 4 }, encoding },
      { data, mark: { ...text, color: INK }, encoding },
    ];
  });
  return [...rules, ...labels];
}

/**
 * Draws a histogram as the text of an SVG file. Several kinds are shown as shares, so that their sizes do not matter.
 *
 * @throws {RangeError} if there are no samples or too many to tell apart, no bin, or an empty range
 * @throws {TypeError} if two samples have one name
 */
export function histogram(options: Histogram): Promise<string> {
  const { samples, title, xLabel, marks = [] } = options;
  const names = samples.map(({ name }) => name);
  checkNames(title, "samples", names);
  const range = rangeOf(options);
  const isOne = samples.length === 1;
  const x = axisOf("from", xLabel, range);
  const legend = { symbolType: "square", symbolOpacity: 0.6 } as const;
  return renderSvg({
    width: options.width ?? DEFAULT_WIDTH,
    height: options.height ?? DEFAULT_HEIGHT,
    title: { text: title, subtitle: options.yLabel ?? (isOne ? "values" : "share of values") },
    layer: [
      {
        data: { values: barsOf(options, range) },
        mark: { type: "rect", ...(isOne ? { stroke: PAPER, opacity: 0.9 } : { opacity: 0.5 }) },
        encoding: {
          x,
          x2: { field: "to" },
          y: { field: "height", type: "quantitative", title: null },
          y2: { datum: 0 },
          color: colorsOf(names, isOne ? null : legend),
        },
      },
      ...markLayers(marks, x),
    ],
  });
}
