/**
 * A chart of curves, with what lies under the cursor as text below it.
 *
 * @module
 */
import { useEffect, useRef, type VNode } from "../../deps/preact.ts";
import { uPlot } from "../../deps/uplot.ts";
import {
  chartData,
  type ChartLook,
  chartOptions,
  type Curve,
  rowOfCurve,
} from "./chart_options.ts";
import { formatNumber } from "./format.ts";
import { html } from "./html.ts";

/** What a chart is given. */
export interface ChartProps {
  /** What it shows, for screen readers. */
  readonly label: string;
  readonly curves: readonly Curve[];
  readonly look: ChartLook;
  /** Height in CSS pixels. */
  readonly height: number;
  /** Shows a range of the horizontal axis; all where it is undefined. */
  readonly zoom: (range: readonly [number, number] | undefined) => void;
}

/** What must be the same for a chart to be given new values rather than made anew. */
function formOf({ curves, look, height }: ChartProps): string {
  const lines = curves.map((
    { label, colour, marks, lows },
  ) => [label, colour, marks, lows === undefined]);
  const { smoothing, log, dark, bands, range, axis } = look;
  return JSON.stringify([lines, smoothing > 0, log, dark, bands, range, axis, height]);
}

/** What lies under the cursor, or the last values where it is elsewhere. */
function readout(chart: uPlot, { curves, look }: ChartProps): string {
  const places = chart.data[0];
  const pointed = chart.cursor.idx;
  const index = pointed ?? places.length - 1;
  const parts = curves.map(({ label }, i) => {
    const row = chart.data[rowOfCurve(i)] ?? [];
    const last = row.findLastIndex((value) => typeof value === "number");
    // A curve that has ended has no value further on.
    if (typeof pointed === "number" && pointed > last) return undefined;
    const value = row[row.findLastIndex((value, at) => at <= index && typeof value === "number")];
    if (typeof value !== "number") return undefined;
    return `${curves.length > 1 ? `${label} ` : ""}${formatNumber(value)}`;
  });
  const place = places[index];
  if (place === undefined) return "nothing in this range";
  const at = look.axis === "steps"
    ? `step ${formatNumber(place)}`
    : `${formatNumber(place)} ${look.axis}`;
  return `${at}: ${parts.filter((part) => part !== undefined).join(" · ")}`;
}

/** Moves the cursor or the range by a key; false where the key does nothing here. */
function moveByKey(chart: uPlot, key: string, props: ChartProps): boolean {
  const last = chart.data[0].length - 1;
  const { min, max } = chart.scales["x"] ?? {};
  if (last < 0 || min === undefined || max === undefined || min === null || max === null) {
    return false;
  }
  const index = chart.cursor.idx ?? last;
  const jump = Math.max(1, Math.round(last / 20));
  const targets: Record<string, number> = {
    ArrowLeft: index - 1,
    ArrowRight: index + 1,
    PageDown: index - jump,
    PageUp: index + jump,
    Home: 0,
    End: last,
  };
  const target = targets[key];
  if (target !== undefined) {
    const place = chart.data[0][Math.min(last, Math.max(0, target))] as number;
    chart.setCursor({ left: chart.valToPos(place, "x"), top: chart.over.clientHeight / 2 });
    return true;
  }
  const centre = chart.data[0][index] as number;
  const reach = (max - min) / 2;
  if (key === "+" || key === "=") props.zoom([centre - reach / 2, centre + reach / 2]);
  else if (key === "-") props.zoom([min - reach / 2, max + reach / 2]);
  else if (key === "0" || key === "Escape") props.zoom(undefined);
  else return false;
  return true;
}

/** A chart. Dragging zooms, a double click shows all; by keyboard the arrows read values, `+`, `-` and `0` zoom. */
export function Chart(props: ChartProps): VNode {
  const place = useRef<HTMLDivElement | null>(null);
  const text = useRef<HTMLParagraphElement | null>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const show = (): void => {
    const now = chart.current;
    if (now !== undefined && text.current !== null) {
      text.current.textContent = readout(now, latest.current);
    }
  };
  const form = formOf(props);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const { curves, look, height } = latest.current;
    const select = (drawn: uPlot): void => {
      const { left, width } = drawn.select;
      if (width < 5) return;
      latest.current.zoom([drawn.posToVal(left, "x"), drawn.posToVal(left + width, "x")]);
      drawn.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    };
    const options = chartOptions(curves, look, {
      width: Math.max(160, element.clientWidth),
      height,
    }, {
      setCursor: [show],
      setSelect: [select],
    });
    const made = new uPlot(options, chartData(curves, look), element);
    made.over.addEventListener("dblclick", () => latest.current.zoom(undefined));
    chart.current = made;
    show();
    const observer = new ResizeObserver(() => {
      const width = element.clientWidth;
      if (width > 0 && width !== made.width) made.setSize({ width, height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = undefined;
    };
  }, [form]);
  useEffect(() => {
    chart.current?.setData(chartData(props.curves, props.look));
    show();
  }, [props.curves, props.look.smoothing]);
  const press = (event: KeyboardEvent): void => {
    if (chart.current === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    if (moveByKey(chart.current, event.key, latest.current)) event.preventDefault();
  };
  return html`
    <div class="chart" role="application" aria-roledescription="chart" tabindex="0"
      onKeyDown=${press}
      aria-label=${`${props.label}. Arrow keys read values, plus and minus zoom, 0 shows all.`}>
      <div ref=${place} style=${{ height: `${props.height}px` }} aria-hidden="true"></div>
      <p class="readout" ref=${text} aria-live="polite"></p>
    </div>
  `;
}
