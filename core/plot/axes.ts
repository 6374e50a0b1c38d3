/**
 * Axes and colours, as Vega-Lite's encodings.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../errors/mod.ts";
import type { TopLevelSpec } from "../deps/vega.ts";
import { COLORS } from "./theme.ts";

/** One layer of a chart. */
export type Layer = Extract<TopLevelSpec, { layer: unknown }>["layer"][number];

/** Lowest and highest value of an axis. */
export type Range = readonly [low: number, high: number];

/** How an axis goes: by differences or by ratios. */
export type ScaleType = "linear" | "log";

/** The encoding of a field along an axis. */
export interface Axis {
  field: string;
  type: "quantitative";
  title: string | null;
  axis: { values?: number[]; format?: string; tickMinStep?: number };
  scale: { type: ScaleType; domain: number[]; nice: false; zero?: false };
}

/** The encoding of a name as a colour. */
export interface Colors {
  field: "name";
  type: "nominal";
  legend: { symbolType: "square"; symbolOpacity: number } | null;
  scale: { domain: string[]; range: string[] };
}

/** Ticks at the powers of ten, if there are two of them; the steps between would fill the chart with lines. */
function powerTicks([low, high]: Range): Axis["axis"] {
  const first = Math.ceil(Math.log10(low));
  const count = Math.floor(Math.log10(high)) - first + 1;
  if (count < 2) return {};
  return { values: Array.from({ length: count }, (_, i) => 10 ** (first + i)), format: "~e" };
}

/** A field along an axis that shows exactly `range`. */
export function axisOf(
  field: string,
  title: string | null,
  range: Range,
  type: ScaleType = "linear",
): Axis {
  return {
    field,
    type: "quantitative",
    title,
    axis: type === "log" ? powerTicks(range) : {},
    scale: {
      type,
      domain: [...range],
      nice: false,
      // Vega-Lite warns of it on a logarithmic axis, which has no zero.
      ...(type === "linear" ? { zero: false } : {}),
    },
  };
}

/** Names as colours, in the order of the palette. */
export function colorsOf(names: readonly string[], legend: Colors["legend"] = null): Colors {
  return {
    field: "name",
    type: "nominal",
    legend,
    scale: { domain: [...names], range: [...COLORS] },
  };
}

/**
 * Checks that a figure shows some things, and no more than can be told apart, each by a name of its own.
 *
 * @throws {RangeError} if there are none or too many
 * @throws {TypeError} if two have one name
 */
export function checkNames(title: string, what: string, names: readonly string[]): void {
  if (names.length === 0 || names.length > COLORS.length) {
    throw new GenviewRangeError(
      `Cannot draw "${title}": it must have 1 to ${COLORS.length} ${what}, found ${names.length}`,
    );
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new GenviewTypeError(
      `Cannot draw "${title}": ${what} must have names of their own, found "${twice}" twice`,
    );
  }
}
