/**
 * The charts of a run while it trains, each beside what its number means.
 *
 * @module
 */
import {
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  type VNode,
} from "../../deps/preact.ts";
import { labelOf } from "../api/metric_labels.ts";
import type { Explanation, RunDetails, SeriesAnswer, StudioEvent } from "../api/runs.ts";
import { setValues } from "./address.ts";
import { Chart } from "./chart.ts";
import type { ChartLook, Curve } from "./chart_options.ts";
import { chartSettings, ChartToolbar } from "./chart_toolbar.ts";
import { useCall } from "./calls.ts";
import { colourOf } from "./colours.ts";
import { lastOf, lastStep, lengthen, placesOf, pointsOf, stepAt } from "./curves.ts";
import { formatNumber } from "./format.ts";
import { html } from "./html.ts";
import { useEvents, useMissed } from "./live.ts";
import { isPlain, type MetricCurves, orderedCurves } from "./metric_panels.ts";
import { Verdict, Waiting } from "./parts.ts";
import { useDark } from "./theme.ts";

/** Points of a curve that are asked for, and how many may come before they are asked for anew. */
const POINTS = 1200;
const MOST_POINTS = 3 * POINTS;

/** Height of a chart in CSS pixels. */
const HEIGHT = 190;

/** The curves of a run, with the values that come while it trains. */
function useSeries(run: string, from: string, to: string): {
  readonly answer: SeriesAnswer | undefined;
  readonly error: string | undefined;
  readonly again: () => void;
} {
  const range = { ...from === "" ? {} : { from }, ...to === "" ? {} : { to } };
  const { answer, error, again } = useCall<SeriesAnswer>("/api/series", {
    run,
    points: POINTS,
    ...range,
  });
  const [longer, setLonger] = useState<SeriesAnswer | undefined>(undefined);
  const shown = useRef<SeriesAnswer | undefined>(undefined);
  shown.current = longer;
  // Values may have come while the answer was on its way.
  useEffect(() => {
    setLonger((before) =>
      answer === undefined || before === undefined || to !== "" ? answer : lengthen(answer, before)
    );
  }, [answer]);
  // While another range is read, the curves stay.
  const kept = useRef<SeriesAnswer | undefined>(undefined);
  kept.current = longer ?? answer ?? kept.current;
  const hear = useCallback((event: StudioEvent): void => {
    // A range that was chosen stays as it is.
    if (event.kind !== "series" || event.series.run !== run || to !== "") return;
    // A run that was resumed from an earlier step has lost what came after it.
    if (lastStep(event.series) < lastStep(shown.current)) {
      setLonger(undefined);
      again();
    }
    setLonger((before) => before && lengthen(before, event.series));
  }, [run, to]);
  useEvents(hear, run);
  useMissed(again, "openings");
  useEffect(() => {
    if (longer !== undefined && pointsOf(longer) > MOST_POINTS) again();
  }, [longer]);
  return { answer: kept.current, error, again };
}

/** What a number is, what is healthy, and what to do. */
export function Explained({ explanation }: { readonly explanation: Explanation }): VNode {
  return html`
    <dl class="explained">
      <div><dt>What it is</dt><dd>${explanation.what}</dd></div>
      ${explanation.healthy === "" ? null : html`
        <div>
          <dt>Healthy</dt>
          <dd>${explanation.healthy}</dd>
        </div>
      `}
      ${explanation.advice === "" ? null : html`
        <div class="advice">
          <dt>What to do</dt>
          <dd>${explanation.advice}</dd>
        </div>
      `}
    </dl>
  `;
}

interface PanelProps {
  readonly metric: MetricCurves;
  readonly explanation: Explanation | undefined;
  readonly look: ChartLook;
  readonly axis: "steps" | "time";
  readonly latest: number | undefined;
  readonly zoom: (range: readonly [number, number] | undefined, metric: MetricCurves) => void;
}

function curvesOf(
  { name, steps, epochs }: MetricCurves,
  axis: "steps" | "time",
  dark: boolean,
): Curve[] {
  const curves: Curve[] = [];
  if (steps !== undefined) {
    const { values, lows, highs } = steps;
    const range = lows === undefined || highs === undefined ? {} : { lows, highs };
    curves.push({
      label: epochs === undefined ? steps.name : "each step",
      colour: colourOf(0, dark),
      places: placesOf(steps, axis),
      values,
      plain: isPlain(name),
      ...range,
    });
  }
  if (epochs !== undefined) {
    curves.push({
      label: steps === undefined ? epochs.name : "each epoch",
      colour: colourOf(steps === undefined ? 0 : 1, dark),
      places: placesOf(epochs, axis),
      values: epochs.values,
      marks: epochs.values.length < 60,
      plain: true,
    });
  }
  return curves;
}

function MetricPanel({ metric, explanation, look, axis, latest, zoom }: PanelProps): VNode {
  const named = labelOf(metric.name);
  const label = explanation?.label ?? named.label;
  const unit = explanation?.unit ?? named.unit;
  const curves = useMemo(() => curvesOf(metric, axis, look.dark), [
    metric.steps,
    metric.epochs,
    axis,
    look.dark,
  ]);
  return html`
    <article class="metric">
      <header>
        <h2>${label}</h2>
        <p class="value">${formatNumber(latest)} <small>${unit}</small></p>
        ${explanation === undefined ? null : html`<${Verdict} verdict=${explanation.verdict} />`}
      </header>
      <${Chart} label=${`${label}, now ${
        formatNumber(latest)
      } ${unit}`} curves=${curves} look=${look} height=${HEIGHT}
        zoom=${(range: readonly [number, number] | undefined) => zoom(range, metric)} />
      ${explanation === undefined ? null : html`<${Explained} explanation=${explanation} />`}
    </article>
  `;
}

/** Numbers that are explained and have no curve. */
function OtherNumbers(
  { run, names }: { readonly run: RunDetails; readonly names: ReadonlySet<string> },
): VNode | null {
  const others = run.explanations.filter(({ name }) => !names.has(name));
  if (others.length === 0) return null;
  return html`
    <h2>Other numbers</h2>
    <div class="metrics">
      ${others.map((explanation) => {
        const value = run.metrics[explanation.name];
        return html`
          <article key=${explanation.name} class="metric">
            <header>
              <h3>${explanation.label}</h3>
              <p class="value">${formatNumber(value)} <small>${explanation.unit}</small></p>
              <${Verdict} verdict=${explanation.verdict} />
            </header>
            <${Explained} explanation=${explanation} />
          </article>
        `;
      })}
    </div>
  `;
}

/** All charts of a run. */
export function RunCharts(
  { run, values }: { readonly run: RunDetails; readonly values: Readonly<Record<string, string>> },
): VNode {
  const settings = chartSettings(values);
  const dark = useDark();
  const { answer, error, again } = useSeries(run.run, settings.from, settings.to);
  const metrics = useMemo(
    () => answer === undefined ? [] : orderedCurves(answer.steps, answer.epochs),
    [answer],
  );
  if (answer === undefined) {
    return html`<${Waiting} error=${error} again=${again}>The curves are being read…<//>`;
  }
  if (metrics.length === 0) {
    return html`<p class="empty">This run has logged nothing yet. Curves appear here with its first step.</p>`;
  }
  const zoom = (range: readonly [number, number] | undefined, metric: MetricCurves): void => {
    const series = metric.steps ?? metric.epochs;
    if (range === undefined || series === undefined) {
      setValues({ from: "", to: "" }, "push");
      return;
    }
    const steps = range.map((place) => Math.max(0, stepAt(series, settings.axis, place)));
    setValues(
      { from: String(steps[0]), to: String(Math.max(steps[1] ?? 0, (steps[0] ?? 0) + 1)) },
      "push",
    );
  };
  const isZoomed = settings.from !== "" || settings.to !== "";
  const range: ChartLook["range"] = settings.axis === "steps" && isZoomed
    ? [Number(settings.from || 0), Number(settings.to || run.step)]
    : undefined;
  const explanations = new Map(run.explanations.map((each) => [each.name, each]));
  return html`
    <${ChartToolbar} settings=${settings} zoomed=${isZoomed} exact=${answer.exact} />
    <div class="metrics">
      ${metrics.map((metric) => {
        const latest = run.metrics[metric.name] ??
          lastOf((metric.steps ?? metric.epochs)?.values ?? []);
        return html`
          <${MetricPanel} key=${metric.name} metric=${metric} explanation=${explanations.get(
            metric.name,
          )}
            axis=${settings.axis} latest=${latest} zoom=${zoom}
            look=${{
              smoothing: settings.smoothing,
              log: settings.log,
              dark,
              bands: run.bands.find((bands) => bands.metric === metric.name),
              range,
              axis: settings.axis === "steps" ? "steps" : "h",
            }} />
        `;
      })}
    </div>
    <${OtherNumbers} run=${run} names=${new Set(metrics.map(({ name }) => name))} />
  `;
}
