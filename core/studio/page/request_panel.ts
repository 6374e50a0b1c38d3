/**
 * What a form asks for: the command line, what is wrong with it, what it would take, and the button that starts it.
 *
 * @module
 */
import { useEffect, useState, type VNode } from "../../deps/preact.ts";
import type { CheckAnswer, DryRunAnswer, Job, JobRequest } from "../api/actions.ts";
import { goTo } from "./address.ts";
import { call, wordsOf } from "./calls.ts";
import { formatBytes, formatSeconds } from "./format.ts";
import { html } from "./html.ts";
import { notify } from "./notices.ts";
import { CommandLine } from "./parts.ts";

/** What the panel is given. */
export interface RequestPanelProps {
  readonly request: JobRequest;
  readonly check: CheckAnswer | undefined;
  readonly error: string | undefined;
  /** Options that the form has fields for, which say themselves what is wrong. */
  readonly known: ReadonlySet<string>;
  /** Whether the task has a dry run. */
  readonly hasDryRun: boolean;
}

/** The dry run of a request, or why there is none. */
interface DryRun {
  readonly pending: boolean;
  readonly answer?: DryRunAnswer;
  readonly error?: string;
}

function DryRunResult({ dryRun }: { readonly dryRun: DryRun }): VNode {
  if (dryRun.pending) return html`<p role="status">The task's own dry run is under way…</p>`;
  if (dryRun.error !== undefined) return html`<p class="problem" role="alert">${dryRun.error}</p>`;
  const { answer } = dryRun;
  if (answer === undefined) {
    return html`<p class="faded">A dry run says what memory and time it takes, before anything is started.</p>`;
  }
  return html`
    <dl class="facts narrow" role="status">
      ${answer.memoryBytes === undefined ? null : html`
        <div>
          <dt>memory at its peak</dt>
          <dd>${formatBytes(answer.memoryBytes)}</dd>
        </div>
      `}
      ${answer.seconds === undefined ? null : html`
        <div>
          <dt>time</dt>
          <dd>${formatSeconds(answer.seconds)}</dd>
        </div>
      `}
    </dl>
    <pre tabindex="0">${answer.text}</pre>
  `;
}

/** The panel beside a form. */
export function RequestPanel(
  { request, check, error, known, hasDryRun }: RequestPanelProps,
): VNode {
  const [dryRun, setDryRun] = useState<DryRun>({ pending: false });
  const [starting, setStarting] = useState(false);
  const text = JSON.stringify(request);
  useEffect(() => setDryRun({ pending: false }), [text]);
  const isRight = check !== undefined && check.problems.length === 0 && error === undefined;
  const tryIt = async (): Promise<void> => {
    setDryRun({ pending: true });
    try {
      setDryRun({
        pending: false,
        answer: await call<DryRunAnswer>("POST", "/api/dry-run", {}, request),
      });
    } catch (failure) {
      setDryRun({ pending: false, error: wordsOf(failure) });
    }
  };
  const start = async (): Promise<void> => {
    setStarting(true);
    try {
      const job = await call<Job>("POST", "/api/queue", {}, request);
      notify(
        job.state === "running" ? `Job ${job.id} has begun.` : `Job ${job.id} is in the queue.`,
      );
      goTo("queue");
    } catch (failure) {
      notify(wordsOf(failure), "failed");
      setStarting(false);
    }
  };
  return html`
    <aside class="request" aria-label="What is asked for">
      <h2>What is asked for</h2>
      <${CommandLine} command=${check?.command ?? "…"} />
      ${error === undefined ? null : html`<p class="problem" role="alert">${error}</p>`}
      <div role="status" class="problems">
        ${check === undefined
          ? html`<p class="faded">Being checked…</p>`
          : check.problems.length === 0
          ? html`<p class="verdict good"><span aria-hidden="true">✓</span> It can be started.</p>`
          : html`
            <p
              class="verdict bad"><span aria-hidden="true">✕</span> ${check.problems
                .length} to mend before it can be started.</p>
            <ul>${check.problems.map(({ option, text: problem }) =>
              html`<li key=${option + problem}>${
                known.has(option)
                  ? html`<a href=${`#field-${option}`} onClick=${(event: Event) => {
                    event.preventDefault();
                    document.getElementById(`field-${option}`)?.focus();
                  }}>${option}</a>`
                  : html`<b>${/^\d+$/.test(option) ? "words before the options" : option}</b>`
              } ${problem}</li>`
            )}</ul>
          `}
      </div>
      <p class="buttons">
        <button type="button" class="primary" disabled=${!isRight ||
          starting} onClick=${start}>Start</button>
        ${hasDryRun
          ? html`<button type="button" disabled=${
            !isRight ||
            dryRun.pending
          } onClick=${tryIt}>Dry run</button>`
          : null}
      </p>
      ${hasDryRun ? html`<${DryRunResult} dryRun=${dryRun} />` : null}
    </aside>
  `;
}
