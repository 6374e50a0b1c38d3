/**
 * What a run says to people, kept in its folder as well.
 *
 * @module
 */
import { isGenviewError } from "../../errors/mod.ts";
import type { TrainEvent } from "../run/train_event.ts";
import type { MessageKind, RunLog } from "./run_log.ts";

/** Notes and warnings of one run: what is said before its logs are open is written once they are. */
export class RunMessages {
  #waiting: (readonly [MessageKind, string])[] = [];
  #log: Pick<RunLog, "message"> | undefined;
  #step = 0;

  /** Writes what was said up to now, and from now on. */
  open(log: Pick<RunLog, "message">, step: number): void {
    this.#log = log;
    this.#step = step;
    for (const [kind, text] of this.#waiting) log.message(step, kind, text);
    this.#waiting = [];
  }

  /** Takes an event: messages are written, steps counted. */
  take(event: TrainEvent): void {
    if (event.kind === "step") this.#step = event.step;
    else if (event.kind === "note" || event.kind === "warning") {
      this.#add(event.kind, event.message);
    }
  }

  /** Writes why the run has ended, where that can be written. */
  fail(error: unknown): void {
    try {
      this.#add("error", error instanceof Error ? error.message : String(error));
    } catch (cause) {
      // On a full disk this is what the run itself has ended of, which the caller throws.
      if (!isGenviewError(cause)) throw cause;
    }
  }

  #add(kind: MessageKind, text: string): void {
    if (this.#log === undefined) this.#waiting.push([kind, text]);
    else this.#log.message(this.#step, kind, text);
  }
}
