/**
 * Short notices of what was done or went wrong, which screen readers speak.
 *
 * @module
 */
import { useEffect, useState, type VNode } from "../../deps/preact.ts";
import { html } from "./html.ts";

interface Notice {
  readonly id: number;
  readonly kind: "done" | "failed";
  readonly text: string;
}

let notices: readonly Notice[] = [];
let next = 0;
const watchers = new Set<(notices: readonly Notice[]) => void>();

function show(changed: readonly Notice[]): void {
  notices = changed;
  for (const watcher of watchers) watcher(notices);
}

function dismiss(id: number): void {
  show(notices.filter((notice) => notice.id !== id));
}

/** Shows a notice; what failed stays until it is dismissed. */
export function notify(text: string, kind: Notice["kind"] = "done"): void {
  const id = next++;
  show([...notices.slice(-3), { id, kind, text }]);
  if (kind === "done") setTimeout(() => dismiss(id), 6000);
}

/** Where notices are shown. */
export function Notices(): VNode {
  const [shown, setShown] = useState(notices);
  useEffect(() => {
    watchers.add(setShown);
    return () => void watchers.delete(setShown);
  }, []);
  return html`
    <div class="notices" role="log" aria-label="Notices" aria-live="polite">
      ${shown.map(({ id, kind, text }) =>
        html`
          <p key=${id} class=${`notice ${kind}`}>
            <span>${text}</span>
            <button type="button" class="plain" aria-label="Dismiss this notice"
              onClick=${() => dismiss(id)}>×</button>
          </p>
        `
      )}
    </div>
  `;
}
