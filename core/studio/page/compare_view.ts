/**
 * Several runs over each other, and in what their configurations differ.
 *
 * @module
 */
import { useCallback, useEffect, useMemo, useState, type VNode } from "../../deps/preact.ts";
import { labelOf } from "../api/metric_labels.ts";
import type { RunRow, SeriesAnswer, StudioEvent } from "../api/runs.ts";
import { setValues } from "./address.ts";
import { joinNames, splitNames, writeAddress } from "./address_text.ts";
import type { ViewProps } from "./app.ts";
import { call, wordsOf } from "./calls.ts";
import { Chart } from "./chart.ts";
import type { ChartLook, Curve } from "./chart_options.ts";
import { type ChartSettings, chartSettings, ChartToolbar } from "./chart_toolbar.ts";
import { colourOf } from "./colours.ts";
import { placesOf, stepAt } from "./curves.ts";
import { formatCell, formatNumber } from "./format.ts";
import { html } from "./html.ts";
import { useEvents } from "./live.ts";
import { isPlain, orderedCurves } from "./metric_panels.ts";
import { metricRows, optionRows } from "./option_differences.ts";
import { State, Waiting } from "./parts.ts";
import { useRuns } from "./runs_store.ts";
import { useDark } from "./theme.ts";

/** Most runs that are shown over each other: more cannot be told apart. */
const MOST = 12;

/** Points of each curve. */
const POINTS = 600;

/** The curves of several runs, asked for again when one of them has changed. */
function useManySeries(rows: readonly RunRow[], { from, to }: ChartSettings): {
  readonly answers: ReadonlyMap<string, SeriesAnswer>;
  readonly error: string | undefined;
} {
  const [answers, setAnswers] = useState<ReadonlyMap<string, SeriesAnswer>>(new Map());
  const [error, setError] = useState<string | undefined>(undefined);
  const [changes, setChanges] = useState(0);
  const names = joinNames(rows.map(({ run }) => run));
  const hear = useCallback((event: StudioEvent): void => {
    if (event.kind === "run" && splitNames(names).includes(event.row.run)) {
      setChanges((before) => before + 1);
    }
  }, [names]);
  useEvents(hear);
  useEffect(() => {
    const controller = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const all = await Promise.all(
          splitNames(names).map(async (run) => {
            const query = { run, points: POINTS, from: from || undefined, to: to || undefined };
            return [
              run,
              await call<SeriesAnswer>("GET", "/api/series", query, undefined, controller.signal),
            ] as const;
          }),
        );
        setAnswers(new Map(all));
        setError(undefined);
      } catch (failure) {
        if (!controller.signal.aborted) setError(wordsOf(failure));
      }
    };
    // Many changes at once are one reason to ask.
    const timer = setTimeout(ask, changes === 0 ? 0 : 1500);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [names, from, to, changes]);
  return { answers, error };
}

interface ComparedMetric {
  readonly name: string;
  readonly curves: readonly Curve[];
}

/** The metrics of all runs, each with a curve of every run that has it. */
function comparedMetrics(
  rows: readonly RunRow[],
  answers: ReadonlyMap<string, SeriesAnswer>,
  axis: ChartSettings["axis"],
  dark: boolean,
): ComparedMetric[] {
  const found = new Map<string, Curve[]>();
  rows.forEach(({ run }, i) => {
    const answer = answers.get(run);
    if (answer === undefined) return;
    for (const { name, steps, epochs } of orderedCurves(answer.steps, answer.epochs)) {
      const series = steps ?? epochs;
      if (series === undefined) continue;
      const { values, lows, highs } = series;
      const range = lows === undefined || highs === undefined || rows.length > 3
        ? {}
        : { lows, highs };
      const curve: Curve = {
        label: run,
        colour: colourOf(i, dark),
        places: placesOf(series, axis),
        values,
        marks: steps === undefined && values.length < 60,
        plain: steps === undefined || isPlain(name),
        ...range,
      };
      found.set(name, [...found.get(name) ?? [], curve]);
    }
  });
  return [...found].map(([name, curves]) => ({ name, curves }));
}

function ComparedRuns(
  { rows, dark }: { readonly rows: readonly RunRow[]; readonly dark: boolean },
): VNode {
  const names = rows.map(({ run }) => run);
  return html`
    <ul class="compared">
      ${rows.map(({ run, state }, i) =>
        html`<li key=${run}>
        <span class="swatch" style=${{ background: colourOf(i, dark) }} aria-hidden="true"></span>
        <a href=${
          writeAddress({ view: "run", values: { run } })
        }>${run}</a> <${State} state=${state} />
        <button type="button" class="plain" aria-label=${`Leave ${run} out`} onClick=${() =>
          setValues(
            { runs: joinNames(names.filter((name) => name !== run)) },
            "push",
          )}>×</button></li>`
      )}
    </ul>
  `;
}

function DifferencesTable(
  { rows, all }: { readonly rows: readonly RunRow[]; readonly all: boolean },
): VNode {
  const options = optionRows(rows).filter(({ differs }) => all || differs);
  return html`
    <h2>Configurations</h2>
    <label
      class="check"><input type="checkbox" checked=${all} onChange=${(event: Event) =>
        setValues({
          all: (event.target as HTMLInputElement).checked ? "1" : "",
        })} /> also options that are alike</label>
    ${options.length === 0 ? html`<p class="empty">All options of these runs are alike.</p>` : html`
      <div class="scroll" tabindex="0" role="region" aria-label="Differences of the configurations">
        <table>
          <thead>
            <tr><th scope="col">Option</th>${rows.map(({ run }) =>
              html`<th key=${run} scope="col">${run}</th>`
            )}</tr>
          </thead>
          <tbody>${options.map(({ name, cells, differs }) =>
            html`<tr key=${name} class=${
              differs ? "differs" : undefined
            }><th scope="row">${name}</th>
            ${
              cells.map((cell, i) =>
                html`<td key=${i}>${
                  cell === undefined ? html`<span class="faded">not there</span>` : formatCell(cell)
                }</td>`
              )
            }</tr>`
          )}</tbody>
        </table>
      </div>
    `}
    <h2>Last values</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Last values of the metrics">
      <table>
        <thead>
          <tr><th scope="col">Metric</th>${rows.map(({ run }) =>
            html`<th key=${run} scope="col">${run}</th>`
          )}</tr>
        </thead>
        <tbody>${metricRows(rows).map(({ name, values }) =>
          html`<tr key=${name}><th scope="row">${labelOf(name).label}</th>${
            values.map((value, i) => html`<td key=${i} class="number">${formatNumber(value)}</td>`)
          }</tr>`
        )}</tbody>
      </table>
    </div>
  `;
}

function Choice(
  { rows, runs }: { readonly rows: readonly RunRow[]; readonly runs: readonly RunRow[] },
): VNode {
  const names = rows.map(({ run }) => run);
  return html`
    <label><span>Add a run</span>
      <select value="" disabled=${rows.length >= MOST} onChange=${(event: Event) =>
        setValues(
          { runs: joinNames([...names, (event.target as HTMLSelectElement).value]) },
          "push",
        )}>
        <option value="">choose…</option>
        ${runs.filter(({ run }) => !names.includes(run)).map(({ run }) =>
          html`<option key=${run} value=${run}>${run}</option>`
        )}
      </select></label>
  `;
}

/** The view of several runs, which the address names by `runs`. */
export function CompareView({ values }: ViewProps): VNode {
  const { list, error: listError, again } = useRuns();
  const settings = chartSettings(values);
  const dark = useDark();
  const names = splitNames(values["runs"]).slice(0, MOST);
  const rows = useMemo(
    () => names.flatMap((name) => list?.runs.filter(({ run }) => run === name) ?? []),
    [list, names.join("\n")],
  );
  const { answers, error } = useManySeries(rows, settings);
  const metrics = useMemo(
    () => comparedMetrics(rows, answers, settings.axis, dark),
    [rows, answers, settings.axis, dark],
  );
  if (list === undefined) {
    return html`
      <h1>Compare</h1>
      <${Waiting} error=${listError} again=${again} />
    `;
  }
  const isZoomed = settings.from !== "" || settings.to !== "";
  const zoom = (range: readonly [number, number] | undefined): void => {
    const series = answers.values().next().value?.steps[0];
    if (range === undefined || series === undefined) return setValues({ from: "", to: "" }, "push");
    const [from = 0, to = 0] = range.map((place) =>
      Math.max(0, stepAt(series, settings.axis, place))
    );
    setValues({ from: String(from), to: String(Math.max(to, from + 1)) }, "push");
  };
  const look: ChartLook = {
    smoothing: settings.smoothing,
    log: settings.log,
    dark,
    bands: undefined,
    range: isZoomed && settings.axis === "steps" && settings.to !== ""
      ? [Number(settings.from || 0), Number(settings.to)]
      : undefined,
    axis: settings.axis === "steps" ? "steps" : "h",
  };
  return html`
    <div class="heading">
      <h1>Compare</h1>
      <${Choice} rows=${rows} runs=${list.runs} />
    </div>
    <${ComparedRuns} rows=${rows} dark=${dark} />
    ${names.length > rows.length
      ? html`<p class="warning">${
        names.length - rows.length
      } of the runs that the address names are not there.</p>`
      : null}
    ${rows.length === 0
      ? html`
        <p
          class="empty">No run is chosen. Choose some in the <a href="#/runs">table of runs</a>, or add one here.</p>
      `
      : html`
        <${ChartToolbar} settings=${settings} zoomed=${isZoomed} exact=${[...answers.values()]
          .every(({ exact }) => exact)} />
        ${error === undefined ? null : html`<${Waiting} error=${error} />`}
        <div class="metrics">${metrics.map(({ name, curves }) =>
          html`
            <article key=${name} class="metric">
              <header>
                <h2>${labelOf(name).label}</h2>
              </header>
              <${Chart} label=${`${
                labelOf(name).label
              } of ${curves.length} runs`} curves=${curves} look=${look} height=${220}
                zoom=${zoom} />
            </article>
          `
        )}</div>
        <${DifferencesTable} rows=${rows} all=${values["all"] === "1"} />
      `}
  `;
}
