/**
 * The queue: what waits, runs and has ended.
 *
 * @module
 */
import { useCallback, type VNode } from "../../deps/preact.ts";
import type { Job } from "../api/actions.ts";
import type { StudioEvent } from "../api/runs.ts";
import { writeAddress } from "./address_text.ts";
import { call, useCall, wordsOf } from "./calls.ts";
import { useTicking } from "./clock.ts";
import { formatSeconds, formatTime } from "./format.ts";
import { html } from "./html.ts";
import { useEvents } from "./live.ts";
import { notify } from "./notices.ts";
import { CommandLine, State, Waiting } from "./parts.ts";

/** How long a job has waited, runs or ran. */
function timeOf({ asked, started, ended }: Job, now: number): string {
  if (started === undefined) return `asked for ${formatTime(asked)}`;
  const seconds = ((ended ?? now) - started) / 1000;
  return `${ended === undefined ? "for" : "took"} ${formatSeconds(seconds)}, started ${
    formatTime(started)
  }`;
}

function JobItem({ job, done }: { readonly job: Job; readonly done: () => void }): VNode {
  const isOpen = job.state === "waiting" || job.state === "running";
  const time = useTicking((now) => timeOf(job, now));
  const end = async (): Promise<void> => {
    try {
      await call<Job>("DELETE", "/api/queue", { job: job.id });
      notify(
        job.state === "waiting"
          ? `Job ${job.id} is out of the queue.`
          : `Job ${job.id} stops after its present step.`,
      );
      done();
    } catch (error) {
      notify(wordsOf(error), "failed");
    }
  };
  return html`
    <li class="job">
      <header>
        <h3>${job.task} <small>job ${job.id} on ${job.device}</small></h3>
        <${State} state=${job.state} />
        <span class="faded">${time}</span>
        ${job.run === undefined
          ? null
          : html`<a href=${writeAddress({ view: "run", values: { run: job.run } })}>${job.run}</a>`}
        ${isOpen
          ? html`<button type="button" disabled=${job.stopping === true} onClick=${end}>${
            job.state === "waiting" ? "Take out" : job.stopping === true ? "Stopping…" : "Stop"
          }</button>`
          : null}
      </header>
      ${job.reason === undefined ? null : html`<p class="problem">${job.reason}</p>`}
      <${CommandLine} command=${job.command} />
      ${job.output.length === 0 ? null : html`
        <details open=${job.state === "running" || job.state === "failed"}>
          <summary>What it printed last</summary>
          <pre tabindex="0">${job.output.join("\n")}</pre>
        </details>
      `}
    </li>
  `;
}

/** The view of the queue. */
export function QueueView(): VNode {
  const { answer, error, again } = useCall<readonly Job[]>("/api/queue", {});
  const hear = useCallback((event: StudioEvent): void => {
    if (event.kind === "queue") again();
  }, []);
  useEvents(hear);
  const part = (title: string, states: readonly Job["state"][], none: string): VNode => {
    const jobs = answer?.filter(({ state }) => states.includes(state)) ?? [];
    return html`<h2>${title}</h2>
      ${
      jobs.length === 0
        ? html`<p class="faded">${none}</p>`
        : html`<ul class="jobs">${
          jobs.map((job) => html`<${JobItem} key=${job.id} job=${job} done=${again} />`)
        }</ul>`
    }`;
  };
  return html`
    <div class="heading"><h1>Queue</h1><a class="button" href="#/new">New run</a></div>
    <p
      class="lead">One job runs on a device at a time; the others wait for it. A job goes on when this page is closed.</p>
    ${answer === undefined ? html`<${Waiting} error=${error} again=${again} />` : html`
      ${part("Running", ["running"], "Nothing runs.")}
      ${part("Waiting", ["waiting"], "Nothing waits.")}
      ${part(
        "Ended",
        ["finished", "stopped", "failed"],
        "Nothing has ended since the studio was started.",
      )}
    `}
  `;
}
