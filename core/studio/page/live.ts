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
  /** How often it has been opened: what was read before may have changed unheard. */
  readonly openings: number;
}

const KINDS = ["run", "gone", "series", "queue"] as const;
const listeners = new Set<Listener>();
const watchers = new Set<(standing: Standing) => void>();
let source: EventSource | undefined;
let followed: string | undefined;
/** Whether there is somebody on the page who wants to hear. */
let isWanted = false;
let standing: Standing = { connected: false, openings: 0 };

function stand(changed: Partial<Standing>): void {
  standing = { ...standing, ...changed };
  for (const watcher of watchers) watcher(standing);
}

function connect(): void {
  source?.close();
  source = undefined;
  if (document.hidden) return;
  const opened = source = new EventSource(callAddress("/api/events", { run: followed }));
  opened.onopen = () => stand({ connected: true, openings: standing.openings + 1 });
  opened.onerror = () => {
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
 * Reads again what a component shows whenever a connection is opened: what has changed since it was read, while there was no
 * connection or one that followed another run, may have been missed.
 */
export function useMissed(again: () => void): void {
  const { openings } = useStanding();
  const known = useRef(openings);
  useEffect(() => {
    if (openings !== known.current) again();
    known.current = openings;
  }, [openings]);
}
