/**
 * One run: how it stands, what can be done with it, and its tabs.
 *
 * @module
 */
import { useCallback, useEffect, useState, type VNode } from "../../deps/preact.ts";
import type { RunDetails, StudioEvent } from "../api/runs.ts";
import { setValues } from "./address.ts";
import type { ViewProps } from "./app.ts";
import { useCall } from "./calls.ts";
import { Ago } from "./clock.ts";
import { formatNumber, formatSeconds } from "./format.ts";
import { html } from "./html.ts";
import { useEvents, useMissed } from "./live.ts";
import { MapPanel } from "./map_panel.ts";
import { NeighboursPanel } from "./neighbours_panel.ts";
import { PairsPanel } from "./pairs_panel.ts";
import { Progress, State, Waiting } from "./parts.ts";
import { progressOf } from "./run_columns.ts";
import { RunActions } from "./run_actions.ts";
import { RunCharts } from "./run_charts.ts";
import { CheckpointsPanel, ConfigurationPanel, EnvironmentPanel, LogsPanel } from "./run_facts.ts";
import { RunPictures } from "./run_pictures.ts";
import { RunTags } from "./run_tags.ts";
import { Tabs } from "./tabs.ts";
import { ViewsPanel } from "./views_panel.ts";

const TABS = [
  { name: "charts", title: "Charts" },
  { name: "views", title: "Views" },
  { name: "pairs", title: "Pairs" },
  { name: "neighbours", title: "Neighbours" },
  { name: "map", title: "Map" },
  { name: "pictures", title: "Pictures" },
  { name: "checkpoints", title: "Checkpoints" },
  { name: "configuration", title: "Configuration" },
  { name: "environment", title: "Environment" },
  { name: "logs", title: "Logs" },
] as const;

/** Milliseconds between readings of a run's explanations while it trains. */
const REFRESH = 10_000;

/** The run as the server has it, with what its events have changed since. */
function useRun(name: string): {
  readonly run: RunDetails | undefined;
  readonly error: string | undefined;
  readonly again: () => void;
  readonly isGone: boolean;
} {
  const { answer, error, again } = useCall<RunDetails>("/api/run", { run: name });
  const [run, setRun] = useState<RunDetails | undefined>(undefined);
  const [isGone, setGone] = useState(false);
  useEffect(() => {
    if (answer !== undefined) setRun(answer);
  }, [answer]);
  const hear = useCallback((event: StudioEvent): void => {
    if (event.kind === "gone" && event.run === name) setGone(true);
    if (event.kind !== "run" || event.row.run !== name) return;
    setGone(false);
    setRun((before) => {
      // A run that was asked for before its first step, or that stands otherwise than before, is read anew.
      if (before?.state !== event.row.state) again();
      return before && { ...before, ...event.row };
    });
  }, [name]);
  useEvents(hear);
  useMissed(again);
  const isRunning = run?.state === "running";
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(again, REFRESH);
    return () => clearInterval(timer);
  }, [isRunning]);
  return { run, error, again, isGone };
}

/** How long the rest takes at the pace so far; undefined where that is not known. */
function remainingSeconds({ state, step, totalSteps, metrics }: RunDetails): number | undefined {
  const seconds = metrics["seconds"];
  if (state !== "running" || totalSteps === undefined || seconds === undefined) return undefined;
  return (totalSteps - step) * seconds;
}

function Standing({ run }: { readonly run: RunDetails }): VNode {
  const share = progressOf(run);
  const rest = remainingSeconds(run);
  const steps = run.totalSteps === undefined
    ? `${formatNumber(run.step)} steps`
    : `${formatNumber(run.step)} of ${formatNumber(run.totalSteps)} steps`;
  return html`
    <div class="standing">
      <${State} state=${run.state} />
      ${share === undefined ? null : html`<${Progress} share=${share} label="Steps taken" />`}
      <span>${steps}</span><span>epoch ${formatNumber(run.epoch)}</span>
      <span>${rest === undefined
        ? html`changed <${Ago} time=${run.changed} />`
        : `about ${formatSeconds(rest)} left`}</span>
      <span class="faded">${run.kind}</span>
    </div>
  `;
}

function Messages({ run }: { readonly run: RunDetails }): VNode | null {
  const warnings = run.messages.filter(({ kind }) => kind === "warning");
  const bad = run.explanations.filter(({ verdict }) => verdict === "bad");
  if (warnings.length === 0 && bad.length === 0) return null;
  return html`
    <section class="messages" aria-label="Warnings">
      ${bad.map(({ name, label, advice }) =>
        html`<p key=${name} class="warning"><b>${label} is not well.</b> ${advice}</p>`
      )}
      ${warnings.slice(-3).map(({ text }, i) => html`<p key=${i} class="warning">${text}</p>`)}
      ${warnings.length > 3
        ? html`<p class="faded">${warnings.length - 3} more under Logs.</p>`
        : null}
    </section>
  `;
}

function Panel({ run, tab, values }: {
  readonly run: RunDetails;
  readonly tab: string;
  readonly values: Readonly<Record<string, string>>;
}): VNode {
  if (tab === "views") return html`<${ViewsPanel} run=${run.run} values=${values} />`;
  if (tab === "pairs") return html`<${PairsPanel} run=${run.run} values=${values} />`;
  if (tab === "neighbours") return html`<${NeighboursPanel} run=${run} values=${values} />`;
  if (tab === "map") return html`<${MapPanel} run=${run.run} values=${values} />`;
  if (tab === "pictures") return html`<${RunPictures} run=${run} />`;
  if (tab === "checkpoints") return html`<${CheckpointsPanel} run=${run} />`;
  if (tab === "configuration") return html`<${ConfigurationPanel} run=${run} />`;
  if (tab === "environment") return html`<${EnvironmentPanel} run=${run} />`;
  if (tab === "logs") return html`<${LogsPanel} run=${run} />`;
  return html`<${RunCharts} run=${run} values=${values} />`;
}

/** The view of one run, which the address names by `run`. */
export function RunView({ values }: ViewProps): VNode {
  const name = values["run"] ?? "";
  const { run, error, again, isGone } = useRun(name);
  const tab = TABS.find((each) => each.name === values["tab"])?.name ?? "charts";
  if (name === "") {
    return html`
      <h1>No run</h1>
      <p>The address names none. <a href="#/runs">All runs</a></p>
    `;
  }
  if (run === undefined) {
    return html`
      <h1>${name}</h1>
      <${Waiting} error=${error} again=${again} />
      ${error === undefined ? null : html`
        <p
          class="hint">A run whose job has just begun appears here with its first record; the <a href="#/queue">queue</a> tells how far it is.</p>
      `}
    `;
  }
  return html`
    <div class="heading">
      <h1>${run.run}</h1>
      <${RunTags} run=${run} />
    </div>
    ${isGone
      ? html`
        <p class="warning"
          role="alert">This run's folder is gone; what is shown is what was known of it. <a href="#/runs">All runs</a></p>
      `
      : null}
    <${Standing} run=${run} />
    <${RunActions} run=${run} done=${again} />
    <${Messages} run=${run} />
    <${Tabs} label="What is shown of the run" tabs=${TABS} shown=${tab}
      choose=${(chosen: string) => setValues({ tab: chosen }, "push")}>
      <${Panel} run=${run} tab=${tab} values=${values} />
      <//>
  `;
}
