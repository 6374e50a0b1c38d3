/**
 * What the server says while it happens: one connection for the whole page, which comes back by itself.
 *
 * @module
 */
import { useEffect, useState } from "../../deps/preact.ts";
import type { StudioEvent } from "../api/runs.ts";
import { callAddress } from "./calls.ts";

type Listener = (event: StudioEvent) => void;

const KINDS = ["run", "gone", "series", "queue"] as const;
const listeners = new Set<Listener>();
const watchers = new Set<(connected: boolean) => void>();
let source: EventSource | undefined;
let followed: string | undefined;
let connected = false;
let isLost = false;
let returns = 0;

function setConnected(now: boolean): void {
  if (now === connected) return;
  connected = now;
  for (const watcher of watchers) watcher(now);
}

function connect(): void {
  source?.close();
  source = new EventSource(callAddress("/api/events", { run: followed }));
  source.onopen = () => {
    if (isLost) returns++;
    isLost = false;
    setConnected(true);
  };
  source.onerror = () => {
    isLost = true;
    setConnected(false);
    // A browser gives up for good where the server answers with an error.
    if (source?.readyState === EventSource.CLOSED) setTimeout(connect, 2000);
  };
  for (const kind of KINDS) {
    source.addEventListener(kind, (message: MessageEvent<string>) => {
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
    if (run === undefined && source !== undefined) return;
    if (source === undefined || followed !== run) {
      followed = run;
      connect();
    }
    return () => {
      if (run === undefined) return;
      followed = undefined;
      connect();
    };
  }, [run]);
}

/** Whether changes are heard of. */
export function useConnected(): boolean {
  const [now, setNow] = useState(connected);
  useEffect(() => {
    setNow(connected);
    watchers.add(setNow);
    return () => void watchers.delete(setNow);
  }, []);
  return now;
}

/** How often the connection has come back: what was read before may have changed unheard. */
export function useReturns(): number {
  useConnected();
  return returns;
}
