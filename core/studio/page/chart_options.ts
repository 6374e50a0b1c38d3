/**
 * Options of uPlot, by which it draws curves with their ranges and smoothed lines, within the bands of their metric.
 *
 * @module
 */
import { uPlot } from "../../deps/uplot.ts";
import type { Bands } from "../api/runs.ts";
import { chartColours } from "./colours.ts";
import { positiveOnly, smooth, type Values } from "./curves.ts";
import { formatNumber } from "./format.ts";

/** A curve of a chart. */
export interface Curve {
  /** Name beside its values. */
  readonly label: string;
  readonly colour: string;
  /** Places on the horizontal axis, rising. */
  readonly places: readonly number[];
  readonly values: Values;
  readonly lows?: Values;
  readonly highs?: Values;
  /** Whether its points are few, and shown as marks. */
  readonly marks?: boolean;
  /** Whether it is shown as it is, however much others are smoothed: it does not scatter. */
  readonly plain?: boolean;
}

/** How curves are shown. */
export interface ChartLook {
  readonly smoothing: number;
  readonly log: boolean;
  readonly dark: boolean;
  readonly bands: Bands | undefined;
  /** The range of the horizontal axis; all where it is undefined. */
  readonly range: readonly [number, number] | undefined;
  /** Unit of the horizontal axis, such as `steps`. */
  readonly axis: string;
}

/** Rows of each curve in the data: smoothed, as it is, lowest, highest. */
const ROWS = 4;

/** All curves on one horizontal axis, as uPlot takes them: for each its smoothed line, its values, lows and highs. */
export function chartData(curves: readonly Curve[], look: ChartLook): uPlot.AlignedData {
  const shown = (values: Values): Values => look.log ? positiveOnly(values) : values;
  const tables = curves.map(({ places, values, lows, highs, plain }): uPlot.AlignedData => [
    places as number[],
    shown(plain ? values : smooth(values, look.smoothing)) as (number | null)[],
    shown(values) as (number | null)[],
    shown(lows ?? values) as (number | null)[],
    shown(highs ?? values) as (number | null)[],
  ]);
  if (tables.length === 0) return [[]];
  return tables.length === 1 ? tables[0] as uPlot.AlignedData : uPlot.join(tables);
}

/** Row of a curve's smoothed line in the data. */
export function rowOfCurve(index: number): number {
  return 1 + ROWS * index;
}

function seriesOf(curve: Curve, smoothed: boolean): uPlot.Series[] {
  const hidden: uPlot.Series = { stroke: "transparent", width: 0, points: { show: false } };
  const line: uPlot.Series = {
    label: curve.label,
    stroke: curve.colour,
    width: 1.75,
    spanGaps: true,
    points: curve.marks ? { show: true, size: 5, fill: curve.colour } : { show: false },
  };
  const raw: uPlot.Series = smoothed && !curve.plain && curve.lows === undefined
    ? { stroke: fade(curve.colour, 0.32), width: 1, spanGaps: true, points: { show: false } }
    : hidden;
  return [line, raw, { ...hidden }, { ...hidden }];
}

/** A colour that lets through what lies behind it. */
function fade(colour: string, opacity: number): string {
  return `color-mix(in srgb, ${colour} ${Math.round(100 * opacity)}%, transparent)`;
}

function boundsOfBands(bands: Bands | undefined): number[] {
  if (bands === undefined) return [];
  const collapsed = bands.collapsed === undefined ? [] : [bands.collapsed];
  return [...bands.healthy ?? [], ...collapsed];
}

/** The range of the vertical axis: all values, with the bands' bounds as far as they are near. */
function verticalRange(
  low: number | null,
  high: number | null,
  look: ChartLook,
): uPlot.Range.MinMax {
  if (low === null || high === null) return look.log ? [0.1, 1] : [0, 1];
  if (look.log) return uPlot.rangeLog(low, high, 10, false);
  const reach = Math.max(high - low, Math.abs(high) * 0.05);
  let [from, to] = [low, high];
  for (const bound of look.range === undefined ? boundsOfBands(look.bands) : []) {
    if (bound > high && bound < high + 1.5 * reach) to = Math.max(to, bound);
    if (bound < low && bound > low - 1.5 * reach) from = Math.min(from, bound);
  }
  return uPlot.rangeNum(from, to, 0.08, false);
}

/** Draws the bands behind the curves and their names at the right. */
function bandsPlugin({ bands, dark }: ChartLook): uPlot.Plugin {
  const colours = chartColours(dark);
  const place = (chart: uPlot, value: number): number => {
    const { top, height } = chart.bbox;
    return Math.min(top + height, Math.max(top, chart.valToPos(value, "y", true)));
  };
  const areas = (chart: uPlot): void => {
    const { ctx, bbox: { left, width } } = chart;
    const fill = ([low, high]: readonly [number, number], colour: string): void => {
      const top = place(chart, high);
      ctx.fillStyle = colour;
      ctx.fillRect(left, top, width, place(chart, low) - top);
    };
    ctx.save();
    if (bands?.random !== undefined) fill(bands.random, colours.random);
    if (bands?.healthy !== undefined) fill(bands.healthy, colours.healthy);
    ctx.restore();
  };
  const names = (chart: uPlot): void => {
    const { ctx, bbox: { left, top, width, height } } = chart;
    const size = 11 * devicePixelRatio;
    ctx.save();
    ctx.font = `${size}px system-ui, sans-serif`;
    ctx.textAlign = "right";
    const write = (text: string, y: number, colour: string): void => {
      if (y < top - 1 || y > top + height + 1) return;
      ctx.fillStyle = colour;
      ctx.fillText(
        text,
        left + width - size / 2,
        Math.min(Math.max(y, top + size), top + height - 3),
      );
    };
    if (bands?.collapsed !== undefined) {
      const y = chart.valToPos(bands.collapsed, "y", true);
      if (y >= top && y <= top + height) {
        ctx.strokeStyle = colours.collapsed;
        ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
        ctx.beginPath();
        ctx.moveTo(left, y);
        ctx.lineTo(left + width, y);
        ctx.stroke();
      }
      write("collapsed", y - size / 3, colours.collapsed);
    }
    if (bands?.healthy !== undefined) {
      const [top, bottom] = [place(chart, bands.healthy[1]), place(chart, bands.healthy[0])];
      if (bottom - top > size) write("healthy", top + size, colours.healthyInk);
    }
    if (bands?.random !== undefined) {
      const [top, bottom] = [place(chart, bands.random[1]), place(chart, bands.random[0])];
      if (bottom - top > size) write("random", bottom - size / 3, colours.randomInk);
    }
    ctx.restore();
  };
  return { hooks: { drawClear: areas, draw: names } };
}

/** Options of a chart of curves; `width` and `height` in CSS pixels. */
export function chartOptions(
  curves: readonly Curve[],
  look: ChartLook,
  size: { readonly width: number; readonly height: number },
  hooks: uPlot.Hooks.Arrays,
): uPlot.Options {
  const colours = chartColours(look.dark);
  const axis: uPlot.Axis = {
    stroke: colours.faded,
    font: "11px system-ui, sans-serif",
    grid: { stroke: colours.line, width: 1 },
    ticks: { stroke: colours.line, width: 1, size: 4 },
  };
  const range = look.range;
  return {
    ...size,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: {
      drag: { x: true, y: false, setScale: false, dist: 5 },
      points: { size: 7 },
      sync: { key: "run" },
      y: false,
    },
    scales: {
      x: {
        time: false,
        ...range === undefined ? {} : { range: () => [...range] as uPlot.Range.MinMax },
      },
      y: {
        distr: look.log ? 3 : 1,
        range: (_chart, low, high) => verticalRange(low, high, look),
      },
    },
    axes: [
      { ...axis, size: 26, values: (_chart, values) => values.map((value) => formatNumber(value)) },
      {
        ...axis,
        size: 54,
        values: (_chart, values) =>
          values.map((value) => value === null ? "" : formatNumber(value)),
      },
    ],
    series: [{}, ...curves.flatMap((curve) => seriesOf(curve, look.smoothing > 0))],
    bands: curves.flatMap((curve, i) =>
      curve.lows === undefined ? [] : [{
        series: [rowOfCurve(i) + 3, rowOfCurve(i) + 2] as [number, number],
        fill: fade(curve.colour, 0.18),
      }]
    ),
    plugins: [bandsPlugin(look)],
    hooks,
  };
}
