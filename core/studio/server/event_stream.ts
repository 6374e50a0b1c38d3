/**
 * Changes of runs as server-sent events, while somebody listens.
 *
 * @module
 */
import { type Context, Hono, streamSSE } from "../../deps/hono.ts";
import type { StudioEvent } from "../api/runs.ts";
import type { RunTable } from "../runs/run_table.ts";

/** Milliseconds between two looks at the files, and between two signs of life. */
const LOOK_MILLISECONDS = 1000;
const HEARTBEAT_MILLISECONDS = 15_000;

/** Most points of new values that are sent at once. */
const POINTS = 1000;

/** Most listeners, and most events that wait for one that does not read. */
const LISTENERS = 32;
const WAITING = 10_000;

type Listener = (event: StudioEvent) => void;

/** Those who listen, and the timer that looks for changes while there are any. */
export class EventListeners {
  readonly #table: RunTable;
  readonly #listeners = new Set<Listener>();
  readonly #onError: (error: unknown) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isLooking = false;

  /** @param onError takes what a look at the files throws, which does not end the looking */
  constructor(table: RunTable, onError: (error: unknown) => void) {
    this.#table = table;
    this.#onError = onError;
  }

  /** How many listen. */
  get size(): number {
    return this.#listeners.size;
  }

  /** Tells all who listen. */
  readonly announce = (event: StudioEvent): void => {
    for (const listener of this.#listeners) listener(event);
  };

  /** Adds a listener; what comes back removes it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    this.#lookLater();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  }

  #lookLater(): void {
    if (this.#listeners.size === 0 || this.#isLooking) return;
    this.#timer ??= setTimeout(this.#look, LOOK_MILLISECONDS);
  }

  readonly #look = async (): Promise<void> => {
    this.#timer = undefined;
    this.#isLooking = true;
    try {
      const { changed, gone } = await this.#table.changes();
      for (const row of changed) this.announce({ kind: "run", row });
      for (const run of gone) this.announce({ kind: "gone", run });
    } catch (error) {
      this.#onError(error);
    }
    this.#isLooking = false;
    this.#lookLater();
  };
}

/** Values of a run after those that were sent last. */
class FollowedRun {
  readonly #table: RunTable;
  readonly #run: string;
  /** The last step of each of its parts, which count their own. */
  #sent: readonly number[] = [];

  constructor(table: RunTable, run: string) {
    this.#table = table;
    this.#run = run;
  }

  /** Begins after what is logged now. */
  async start(): Promise<void> {
    const known = await this.#table.find(this.#run);
    this.#sent = (await this.#table.logs(known)).lastSteps;
  }

  /** The new values; undefined if there are none. */
  async next(): Promise<StudioEvent | undefined> {
    const known = await this.#table.find(this.#run);
    const logs = await this.#table.logs(known);
    const last = logs.lastSteps;
    const sent = last.map((_, part) => this.#sent[part] ?? -1);
    if (last.every((step, part) => step === sent[part])) return undefined;
    // A run that was resumed from an earlier step has dropped what came after it.
    const from = last.map((step, part) => step < sent[part]! ? 0 : sent[part]! + 1);
    this.#sent = last;
    return { kind: "series", series: logs.series(this.#run, { points: POINTS }, from) };
  }
}

/** `GET /api/events`. */
export function eventRoutes(source: EventListeners, table: RunTable, signal: AbortSignal): Hono {
  const app = new Hono();
  app.get("/api/events", async (c) => {
    if (source.size >= LISTENERS) {
      return c.json({ error: `Cannot send events to more than ${LISTENERS} at once` }, 409);
    }
    const run = c.req.query("run");
    const followed = run ? new FollowedRun(table, run) : undefined;
    await followed?.start();
    return stream(c, { source, followed, run, signal });
  });
  return app;
}

function stream(
  context: Context,
  { source, followed, run, signal }: {
    readonly source: EventListeners;
    readonly followed: FollowedRun | undefined;
    readonly run: string | undefined;
    readonly signal: AbortSignal;
  },
): Response {
  return streamSSE(context, async (stream) => {
    const waiting: StudioEvent[] = [];
    let wake = () => {};
    const end = () => {
      stream.abort();
      wake();
    };
    const stop = source.listen((event) => {
      if (waiting.push(event) > WAITING) end();
      wake();
    });
    stream.onAbort(() => wake());
    signal.addEventListener("abort", end);
    try {
      await stream.write(": genview studio\n\n");
      while (!stream.aborted && !stream.closed && !signal.aborted) {
        if (waiting.length === 0) {
          const woken = await new Promise<boolean>((resolve) => {
            const timer = setTimeout(() => resolve(false), HEARTBEAT_MILLISECONDS);
            wake = () => {
              clearTimeout(timer);
              resolve(true);
            };
          });
          if (!woken) await stream.write(": alive\n\n");
        }
        for (const event of waiting.splice(0)) {
          await stream.writeSSE({ event: event.kind, data: JSON.stringify(event) });
          const isFollowed = event.kind === "run" && event.row.run === run;
          const values = isFollowed ? await followed?.next() : undefined;
          if (values !== undefined) {
            await stream.writeSSE({ event: values.kind, data: JSON.stringify(values) });
          }
        }
      }
    } finally {
      stop();
      signal.removeEventListener("abort", end);
    }
  });
}
