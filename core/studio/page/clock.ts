/**
 * Texts that change with the time: one timer for the whole page, none while nobody sees it.
 *
 * @module
 */
import { useEffect, useRef, useState, type VNode } from "../../deps/preact.ts";
import { formatAgo, formatTime } from "./format.ts";
import { html } from "./html.ts";

/** Milliseconds between two ticks. */
const TICK = 1000;

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function tick(): void {
  for (const listener of listeners) listener();
}

/** Starts the timer where it is needed, and ends it where it is not. */
function settle(): void {
  const isNeeded = listeners.size > 0 && !document.hidden;
  if (!isNeeded) {
    clearInterval(timer);
    timer = undefined;
  } else if (timer === undefined) {
    tick();
    timer = setInterval(tick, TICK);
  }
}

/** Hears of every tick; what comes back ends that. */
function listen(listener: () => void): () => void {
  if (listeners.size === 0) document.addEventListener("visibilitychange", settle);
  listeners.add(listener);
  settle();
  return () => {
    listeners.delete(listener);
    settle();
    if (listeners.size === 0) document.removeEventListener("visibilitychange", settle);
  };
}

/** A text of the present time, kept up with it: the component is drawn again only where the text has changed. */
export function useTicking(textAt: (now: number) => string): string {
  const text = textAt(Date.now());
  const latest = useRef(textAt);
  latest.current = textAt;
  const drawn = useRef(text);
  drawn.current = text;
  const [, draw] = useState(0);
  useEffect(() =>
    listen(() => {
      if (latest.current(Date.now()) !== drawn.current) draw((count) => count + 1);
    }), []);
  return text;
}

/** How long ago something was, kept up with the time, which stands in its title. */
export function Ago({ time }: { readonly time: number }): VNode {
  const text = useTicking((now) => formatAgo(time, now));
  return html`<time class="ago" dateTime=${new Date(time).toISOString()} title=${
    formatTime(time)
  }>${text}</time>`;
}
