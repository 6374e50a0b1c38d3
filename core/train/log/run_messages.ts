/**
 * What a run says to people, kept in its folder as well.
 *
 * @module
 */
import { isGenviewError } from "../../errors/mod.ts";
import type { TrainEvent } from "../run/train_event.ts";
import type { MessageKind } from "./run_log.ts";

/** What messages are written to, such as the logs of a run. */
export interface MessageLog {
  /** Writes what is said to people after so many steps, or why the run has ended. */
  message(step: number, kind: MessageKind, message: string): void;
}

/** Notes and warnings of one run: what is said before its logs are open is written once they are. */
export class RunMessages {
  #waiting: (readonly [MessageKind, string])[] = [];
  #log: MessageLog | undefined;
  #step = 0;

  /** Writes what was said up to now, and from now on. */
  open(log: MessageLog, step: number): void {
    this.#log = log;
    this.#step = step;
    for (const [kind, text] of this.#waiting) log.message(step, kind, text);
    this.#waiting = [];
  }

  /** Takes an event: messages are written, steps counted. */
  take(event: TrainEvent): void {
    if (event.kind === "step") this.count(event.step);
    else if (event.kind === "note" || event.kind === "warning") this.say(event.kind, event.message);
  }

  /** Takes how many steps have been taken: what is said from now on is said after them. */
  count(step: number): void {
    this.#step = step;
  }

  /** Writes a message. */
  say(kind: MessageKind, text: string): void {
    if (this.#log === undefined) this.#waiting.push([kind, text]);
    else this.#log.message(this.#step, kind, text);
  }

  /** Writes why the run has ended, where that can be written. */
  fail(error: unknown): void {
    try {
      this.say("error", error instanceof Error ? error.message : String(error));
    } catch (cause) {
      // On a full disk this is what the run itself has ended of, which the caller throws.
      if (!isGenviewError(cause)) throw cause;
    }
  }
}
