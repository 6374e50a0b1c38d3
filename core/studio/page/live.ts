/**
 * What the server says while it happens: one connection for the whole page, which comes back by itself. A page that nobody
 * sees has none: a browser holds six connections to a server, which hidden tabs would take from those that are seen.
 *
 * @module
 */
import { useEffect, useRef, useState } from "../../deps/preact.ts";
import type { StudioEvent } from "../api/runs.ts";
import { callAddress } from "./calls.ts";

type Listener = (event: StudioEvent) => void;

/** How the connection stands. */
interface Standing {
  readonly connected: boolean;
  /** How often it has been opened. */
  readonly openings: number;
  /** How often it has come back after it was lost: what was read before may have changed unheard. */
  readonly returns: number;
}

const KINDS = ["run", "gone", "series", "queue"] as const;
const listeners = new Set<Listener>();
const watchers = new Set<(standing: Standing) => void>();
let source: EventSource | undefined;
let followed: string | undefined;
let isLost = false;
/** Whether there is somebody on the page who wants to hear. */
let isWanted = false;
let standing: Standing = { connected: false, openings: 0, returns: 0 };

function stand(changed: Partial<Standing>): void {
  standing = { ...standing, ...changed };
  for (const watcher of watchers) watcher(standing);
}

function connect(): void {
  source?.close();
  source = undefined;
  if (document.hidden) {
    isLost = true;
    return;
  }
  const opened = source = new EventSource(callAddress("/api/events", { run: followed }));
  opened.onopen = () => {
    const { openings, returns } = standing;
    stand({ connected: true, openings: openings + 1, returns: returns + (isLost ? 1 : 0) });
    isLost = false;
  };
  opened.onerror = () => {
    isLost = true;
    if (standing.connected) stand({ connected: false });
    // A browser gives up for good where the server answers with an error.
    if (opened.readyState !== EventSource.CLOSED) return;
    setTimeout(() => {
      if (source === opened) connect();
    }, 2000);
  };
  for (const kind of KINDS) {
    opened.addEventListener(kind, (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as StudioEvent;
      for (const listener of listeners) listener(event);
    });
  }
}

/** Hears of changes while the component is shown; `run` names the run whose values are sent, too. */
export function useEvents(listener: Listener, run?: string): void {
  useEffect(() => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, [listener]);
  useEffect(() => {
    const isFirst = !isWanted;
    isWanted = true;
    // What goes by while the page is hidden is read anew when it is seen again.
    if (isFirst) document.addEventListener("visibilitychange", connect);
    if (isFirst || (run !== undefined && followed !== run)) {
      followed = run;
      connect();
    }
    if (run === undefined) return;
    return () => {
      followed = undefined;
      connect();
    };
  }, [run]);
}

function useStanding(): Standing {
  const [now, setNow] = useState(standing);
  useEffect(() => {
    setNow(standing);
    watchers.add(setNow);
    return () => void watchers.delete(setNow);
  }, []);
  return now;
}

/** Whether changes are heard of. */
export function useConnected(): boolean {
  return useStanding().connected;
}

/**
 * Reads again what a component shows whenever changes may have been missed: after the connection was lost, and with
 * `openings` whenever one is opened, as between reading a run and following it.
 */
export function useMissed(again: () => void, count: "returns" | "openings" = "returns"): void {
  const now = useStanding()[count];
  const known = useRef(now);
  useEffect(() => {
    if (now !== known.current) again();
    known.current = now;
  }, [now]);
}
