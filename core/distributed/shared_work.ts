/**
 * Work that ranks do each by itself, watched by the first of them.
 *
 * @module
 */
import type { ProcessGroup } from "./process_group.ts";

/** What a rank's share of the work is given. */
export interface Share<Event> {
  /** Aborts when any of the ranks receives a signal to stop. */
  readonly signal: AbortSignal;
  /** Tells rank 0 of an event: plain data. Of progress that follows progress, only the last may arrive. */
  readonly report: (event: Event) => void;
}

/** How shares are watched. */
export interface SharedWorkOptions<Event> {
  /** Tells this rank to stop, and so all of them. */
  readonly signal?: AbortSignal | undefined;
  /** Called on rank 0 with the events of all ranks, those of each in their order. */
  readonly take?: ((event: Event, rank: number) => void) | undefined;
  /** Time between two rounds, in milliseconds (default 200). */
  readonly interval?: number;
}

/** What a rank tells the others in a round. */
interface Notice<Event> {
  readonly events: readonly Event[];
  readonly stops: boolean;
  readonly ended: boolean;
}

const INTERVAL_MILLISECONDS = 200;

/** Waits for a time, or for what comes first. */
async function atMost(milliseconds: number, sooner: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const time = new Promise((resolve) => timer = setTimeout(resolve, milliseconds));
  await Promise.race([time, sooner]);
  clearTimeout(timer);
}

/**
 * Does this rank's share of some work, and waits for the shares of all. Meanwhile events go to rank 0, and a rank that is
 * told to stop stops all. The share itself must call no collectives. An error of a share is thrown on its rank at once,
 * which must then end the group, as `inProcessGroup` does.
 *
 * @param group the ranks
 * @param work this rank's share
 * @returns what this rank's share returns
 * @throws what it throws
 * @throws {GenviewError} if MPI fails
 */
export async function inShares<Event extends { readonly kind: string }, Result>(
  group: ProcessGroup,
  work: (share: Share<Event>) => Promise<Result>,
  { signal, take, interval = INTERVAL_MILLISECONDS }: SharedWorkOptions<Event> = {},
): Promise<Result> {
  const others = new AbortController();
  const stop = signal === undefined ? others.signal : AbortSignal.any([signal, others.signal]);
  let events: Event[] = [];
  const report = (event: Event): void => {
    if (event.kind === "progress" && events.at(-1)?.kind === "progress") events.pop();
    events.push(event);
  };
  let end: { readonly result: Result } | { readonly error: unknown } | undefined;
  const ended = work({ signal: stop, report }).then(
    (result) => void (end = { result }),
    (error) => void (end = { error }),
  );
  for (;;) {
    const own = end;
    if (own !== undefined && "error" in own) throw own.error;
    const told = events;
    events = [];
    const notices = await group.allGatherValues<Notice<Event>>({
      events: told,
      stops: stop.aborted,
      ended: own !== undefined,
    });
    if (group.rank === 0) {
      notices.forEach((notice, rank) => notice.events.forEach((event) => take?.(event, rank)));
    }
    if (!stop.aborted && notices.some(({ stops }) => stops)) {
      others.abort(new DOMException("Another rank was told to stop", "AbortError"));
    }
    if (own !== undefined && notices.every((notice) => notice.ended)) return own.result;
    // Who has ended waits asleep: one that waits in a collective keeps a core busy.
    await atMost(interval, own === undefined ? ended : new Promise(() => {}));
  }
}
