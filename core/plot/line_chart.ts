/**
 * Charts of curves: losses, rates, accuracies over steps or epochs.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import {
  type Axis,
  axisOf,
  checkNames,
  type Colors,
  colorsOf,
  type Layer,
  type Range,
  type ScaleType,
} from "./axes.ts";
import { extent, niceRange } from "./axis_range.ts";
import { type Point, smooth, thin } from "./curve.ts";
import { type EndLabel, endLabelLayers, endLabelWidth } from "./end_labels.ts";
import { renderSvg } from "./render.ts";
import { wrapText } from "./text_width.ts";
import { BAND, COLORS, FADED_INK, FONT_SIZE } from "./theme.ts";

/** One curve. */
export interface Series {
  /** Stands at its end where there are several. */
  readonly name: string;
  /** In the order of x; a y that is not finite breaks the line. */
  readonly points: readonly Point[];
}

/** A range of y that is shaded, such as the one in which a loss is expected to end. */
export interface Band {
  /** Lowest y. */
  readonly low: number;
  /** Highest y. */
  readonly high: number;
  /** Stands beside the chart. */
  readonly label: string;
}

/** A dashed line at one y, such as the accuracy of a baseline. */
export interface Rule {
  /** The y. */
  readonly value: number;
  /** Stands beside the chart. */
  readonly label: string;
}

/** What a line chart shows. */
export interface LineChart {
  /** One to seven curves. */
  readonly series: readonly Series[];
  /** Stands above the chart. */
  readonly title: string;
  /** What x is, with its unit. */
  readonly xLabel: string;
  /** What y is, with its unit; below the title. */
  readonly yLabel: string;
  /** Shaded ranges of y. */
  readonly bands?: readonly Band[];
  /** Dashed lines at one y. */
  readonly rules?: readonly Rule[];
  /** Logarithmic where values span powers of ten; "linear" by default. */
  readonly yScale?: ScaleType;
  /** Range of y; by default one that shows everything. */
  readonly yRange?: readonly [low: number, high: number];
  /** Weight of the points before in a moving average, in [0, 1); what it smooths stays as a faint line behind. */
  readonly smoothing?: number;
  /** Pixels of the whole figure, about; 720 by default. */
  readonly width?: number;
  /** Pixels of the area between the axes; 260 by default. */
  readonly height?: number;
}

const DEFAULT_WIDTH = 720;
const DEFAULT_HEIGHT = 260;
const LABEL_WIDTH = 150;
/** Room for the axis at the left and for the margins. */
const AXIS_WIDTH = 64;
/** A curve of so few points shows each of them. */
const FEW_POINTS = 40;

/** All values of y that are to be seen, finite or not. */
function shownValues({ series, bands = [], rules = [] }: LineChart): number[] {
  return [
    ...series.flatMap(({ points }) => points.map(([, y]) => y)),
    ...bands.flatMap(({ low, high }) => [low, high]),
    ...rules.map(({ value }) => value),
  ];
}

function checkOrder(title: string, { name, points }: Series): void {
  let before = -Infinity;
  for (const [x] of points) {
    if (!(x >= before && x < Infinity)) {
      throw new GenviewRangeError(
        `Cannot draw "${title}": x of series "${name}" must be finite and rise, found ${x} after ${before}`,
      );
    }
    before = x;
  }
}

function checkChart(chart: LineChart): void {
  const { title, series, yScale } = chart;
  checkNames(title, "series", series.map(({ name }) => name));
  for (const one of series) checkOrder(title, one);
  const low = yScale === "log" ? shownValues(chart).find((value) => value <= 0) : undefined;
  if (low !== undefined) {
    throw new GenviewRangeError(
      `Cannot draw "${title}": values on a logarithmic axis must be positive, found ${low}`,
    );
  }
}

function xRangeOf({ series }: LineChart): Range {
  const [low, high] = extent(series.flatMap(({ points }) => points.map(([x]) => x)));
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

function yRangeOf(chart: LineChart): Range {
  if (chart.yRange) return chart.yRange;
  const [low, high] = extent(shownValues(chart));
  if (chart.yScale !== "log") return niceRange(low, high);
  return low === high ? [low / 2, high * 2] : [low * 0.9, high * 1.1];
}

/** The axis of x; where x counts something, such as epochs, it has ticks at whole numbers alone. */
function xAxisOf(chart: LineChart): Axis {
  const axis = axisOf("x", chart.xLabel, xRangeOf(chart));
  const counts = chart.series.every(({ points }) => points.every(([x]) => Number.isInteger(x)));
  return counts ? { ...axis, axis: { ...axis.axis, tickMinStep: 1 } } : axis;
}

/** The axes and colours, which all layers share. */
function encodingsOf(chart: LineChart): { x: Axis; y: Axis; color: Colors } {
  return {
    x: xAxisOf(chart),
    y: axisOf("y", null, yRangeOf(chart), chart.yScale ?? "linear"),
    color: colorsOf(chart.series.map(({ name }) => name)),
  };
}

function labelsOf(chart: LineChart): EndLabel[] {
  const { series, bands = [], rules = [] } = chart;
  const scaled = (y: number) => chart.yScale === "log" ? Math.log(y) : y;
  const [low, high] = yRangeOf(chart).map(scaled) as [number, number];
  const place = (y: number) => (high - scaled(y)) / (high - low);
  const lines = (text: string) => wrapText(text, FONT_SIZE, LABEL_WIDTH);
  const last = ({ points }: Series) => points.findLast(([, y]) => Number.isFinite(y))?.[1];
  const named: EndLabel[] = series.map((one, i) => ({
    place: place(last(one) ?? yRangeOf(chart)[0]),
    lines: lines(one.name),
    color: COLORS[i]!,
    kind: "series",
  }));
  return [
    ...(series.length > 1 ? named : []),
    ...rules.map(({ value, label }): EndLabel => ({
      place: place(value),
      lines: lines(label),
      color: FADED_INK,
      kind: "rule",
    })),
    ...bands.map(({ low, high, label }): EndLabel => ({
      place: (place(low) + place(high)) / 2,
      lines: lines(label),
      color: BAND,
      kind: "band",
    })),
  ];
}

interface Row {
  readonly name: string;
  readonly x: number;
  readonly y: number | null;
}

function rowsOf(series: readonly Series[], columns: number): Row[] {
  return series.flatMap(({ name, points }) =>
    thin(points, columns).map(([x, y]) => ({ name, x, y: Number.isFinite(y) ? y : null }))
  );
}

function curveLayers(chart: LineChart, columns: number): Layer[] {
  const { series, smoothing = 0 } = chart;
  const encoding = encodingsOf(chart);
  const smoothed = series.map(({ name, points }) => ({ name, points: smooth(points, smoothing) }));
  const few = smoothed.filter(({ points }) => points.length <= FEW_POINTS);
  const line = { type: "line", clip: true, strokeJoin: "round" } as const;
  const raw: Layer = {
    data: { values: rowsOf(series, columns) },
    mark: { ...line, strokeWidth: 1, opacity: 0.25 },
    encoding,
  };
  return [
    ...(smoothing > 0 ? [raw] : []),
    { data: { values: rowsOf(smoothed, columns) }, mark: { ...line, strokeWidth: 2 }, encoding },
    {
      data: { values: rowsOf(few, columns).filter(({ y }) => y !== null) },
      mark: { type: "point", filled: true, size: 28, opacity: 1 },
      encoding,
    },
  ];
}

function markedLayers(chart: LineChart): Layer[] {
  const { bands = [], rules = [] } = chart;
  const { y } = encodingsOf(chart);
  return [
    ...bands.map(({ low, high }): Layer => ({
      data: { values: [{ low, high }] },
      mark: { type: "rect", clip: true, color: BAND, opacity: 0.3 },
      encoding: { y: { ...y, field: "low" }, y2: { field: "high" } },
    })),
    ...rules.map(({ value }): Layer => ({
      data: { values: [{ y: value }] },
      mark: { type: "rule", clip: true, color: FADED_INK, strokeDash: [4, 3], strokeWidth: 1.5 },
      encoding: { y },
    })),
  ];
}

/**
 * Draws curves, each named at its end, as the text of an SVG file.
 *
 * @throws {RangeError} if there are no series or too many to tell apart, if x does not rise, or if a value is not
 * positive on a logarithmic axis
 * @throws {TypeError} if two series have one name
 */
export function lineChart(chart: LineChart): Promise<string> {
  checkChart(chart);
  const { title, yLabel, height = DEFAULT_HEIGHT } = chart;
  const labels = labelsOf(chart);
  const beside = AXIS_WIDTH + Math.max(endLabelWidth(labels), 12);
  const width = Math.round((chart.width ?? DEFAULT_WIDTH) - beside);
  return renderSvg({
    width,
    height,
    title: { text: title, subtitle: yLabel },
    layer: [
      ...markedLayers(chart),
      ...curveLayers(chart, width),
      ...endLabelLayers(labels, width, height),
    ],
  });
}
