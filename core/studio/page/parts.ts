/**
 * Small parts that several views share: states, verdicts, progress, what is shown while nothing is there.
 *
 * @module
 */
import type { ComponentChildren, VNode } from "../../deps/preact.ts";
import type { JobState } from "../api/actions.ts";
import type { Explanation, RunState } from "../api/runs.ts";
import { html } from "./html.ts";
import { notify } from "./notices.ts";

/** How a run or a job stands, as a word with a mark of its own shape. */
export function State({ state }: { readonly state: RunState | JobState }): VNode {
  return html`<span class=${`state ${state}`}><span class="dot" aria-hidden="true"></span>${state}</span>`;
}

const VERDICTS = {
  good: ["✓", "healthy"],
  watch: ["!", "watch"],
  bad: ["✕", "not well"],
} as const;

/** Whether a number is well; nothing where nothing says so. */
export function Verdict({ verdict }: { readonly verdict: Explanation["verdict"] }): VNode | null {
  if (verdict === "unknown") return null;
  const [mark, word] = VERDICTS[verdict];
  return html`<span class=${`verdict ${verdict}`}><span aria-hidden="true">${mark}</span> ${word}</span>`;
}

/** A bar that fills. `share` lies in [0, 1]. */
export function Progress(
  { share, label }: { readonly share: number; readonly label: string },
): VNode {
  const percent = Math.round(100 * Math.min(1, Math.max(0, share)));
  return html`
    <div class="progress" role="progressbar" aria-label=${label} aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${percent}>
      <div style=${{ width: `${percent}%` }}></div>
    </div>
  `;
}

/** What stands where nothing can be shown: that it is being read, or why it cannot be. */
export function Waiting(
  { error, again, children }: {
    readonly error: string | undefined;
    readonly again?: () => void;
    readonly children?: ComponentChildren;
  },
): VNode {
  if (error === undefined) {
    return html`<p class="empty" role="status">${children ?? "Being read…"}</p>`;
  }
  return html`
    <div class="empty failed" role="alert">
      <p>${error}</p>
      ${again === undefined
        ? null
        : html`<button type="button" onClick=${again}>Try again</button>`}
    </div>
  `;
}

/** A command line with a button that copies it. */
export function CommandLine({ command }: { readonly command: string }): VNode {
  const copy = (): void => {
    navigator.clipboard.writeText(command).then(
      () => notify("The command is in the clipboard."),
      () =>
        notify(
          "The browser does not let the page write to the clipboard: mark the command and copy it.",
          "failed",
        ),
    );
  };
  return html`
    <div class="command">
      <code tabindex="0" role="textbox" aria-readonly="true"
        aria-label="Command line">${command}</code>
      <button type="button" onClick=${copy}>Copy</button>
    </div>
  `;
}
