/**
 * Vega-Lite specifications to SVG.
 *
 * @module
 */
import {
  compile,
  parse,
  resetSVGDefIds,
  textMetrics,
  type TopLevelSpec,
  View,
} from "../deps/vega.ts";
import { followColorScheme } from "./color_scheme.ts";
import { textWidth } from "./text_width.ts";
import { FADED_INK, FONT, FONT_SIZE, GRID, INK, PAPER } from "./theme.ts";

const AXIS = {
  domainColor: FADED_INK,
  gridColor: GRID,
  labelColor: FADED_INK,
  labelFontSize: FONT_SIZE - 1,
  labelPadding: 6,
  tickColor: FADED_INK,
  tickSize: 4,
  titleColor: FADED_INK,
  titleFontSize: FONT_SIZE,
  titleFontWeight: "normal",
  titlePadding: 8,
} as const;

const CONFIG: NonNullable<TopLevelSpec["config"]> = {
  font: FONT,
  background: PAPER,
  padding: 12,
  view: { stroke: null },
  axis: AXIS,
  axisX: { grid: false, labelFlush: false, tickCount: 8 },
  axisY: { domain: false, minExtent: 36, ticks: false, tickCount: 5 },
  legend: {
    direction: "horizontal",
    labelColor: INK,
    labelFontSize: FONT_SIZE,
    offset: 12,
    orient: "top",
    title: null,
  },
  title: {
    anchor: "start",
    color: INK,
    fontSize: FONT_SIZE + 2,
    fontWeight: 600,
    frame: "group",
    offset: 14,
    subtitleColor: FADED_INK,
    subtitleFontSize: FONT_SIZE,
    subtitlePadding: 5,
  },
};

function measure(item: { readonly fontSize?: number }, text: unknown): number {
  return textWidth(String(text ?? ""), item.fontSize ?? 11);
}

/** Draws a specification in the colours and sizes of all figures, light and dark, as the text of an SVG file. */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  // Vega takes every character for 0.8 of the font's size, by which titles and labels drift away from their places.
  textMetrics.width = measure;
  const view = new View(parse(compile(spec, { config: CONFIG }).spec), { renderer: "none" });
  try {
    await view.runAsync();
    // The counter is the whole program's, and figures should not differ by what was drawn before them.
    resetSVGDefIds();
    return followColorScheme(await view.toSVG());
  } finally {
    view.finalize();
  }
}
