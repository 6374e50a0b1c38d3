/**
 * What several processes that generate variations have done together.
 *
 * @module
 */
import type {
  ReportVariations,
  VariationCounts,
  VariationEvent,
  VariationOutcome,
} from "./progress.ts";

/** Counts of all workers or ranks together. */
export class VariationSum {
  readonly #report: ReportVariations;
  readonly #total: number;
  readonly #expected: number;
  readonly #called: string;
  /** What each worker found when it was first started. */
  readonly #existing = new Map<number, number>();
  /** What each worker has done since, in all of its processes. */
  readonly #done = new Map<number, VariationCounts>();
  /** What a worker's earlier processes had made. */
  readonly #madeBefore = new Map<number, number>();

  /**
   * @param total variations of all
   * @param workers how many there are
   * @param called what each is called, such as `worker`
   * @param report takes the events of all
   */
  constructor(total: number, workers: number, called: string, report: ReportVariations) {
    this.#total = total;
    this.#expected = workers;
    this.#called = called;
    this.#report = report;
  }

  /** Takes an event of a worker. */
  take(worker: number, event: VariationEvent): void {
    if (event.kind === "note") {
      this.#report({ kind: "note", text: `${this.#called} ${worker}: ${event.text}` });
    } else if (event.kind === "failure") this.#report(event);
    else if (event.kind === "progress") {
      const { kind: _, ...counts } = event;
      const made = counts.made + this.#madeBefore.get(worker)!;
      this.#done.set(worker, { ...counts, made });
      this.#show();
    } else this.#start(worker, event.existing);
  }

  #start(worker: number, existing: number): void {
    const first = this.#existing.get(worker);
    if (first === undefined) {
      this.#existing.set(worker, existing);
      this.#madeBefore.set(worker, 0);
      if (this.#existing.size < this.#expected) return;
      this.#report({ kind: "start", total: this.#total, existing: this.outcome.existing });
    } else {
      // It is started again: finds what it made before, and tries again what failed.
      const made = existing - first;
      this.#madeBefore.set(worker, made);
      this.#done.set(worker, { made, unreadable: 0, failed: 0 });
    }
    this.#show();
  }

  #show(): void {
    // Before all have said what exists, there is no total to compare with.
    if (this.#existing.size < this.#expected) return;
    const { made, unreadable, failed } = this.outcome;
    this.#report({ kind: "progress", made, unreadable, failed });
  }

  /** What all have done so far. */
  get outcome(): Omit<VariationOutcome, "stopped"> {
    const done = [...this.#done.values()];
    const sum = (name: keyof VariationCounts) => done.reduce((all, each) => all + each[name], 0);
    const existing = [...this.#existing.values()].reduce((all, each) => all + each, 0);
    return {
      ...{ total: this.#total, existing },
      ...{ made: sum("made"), unreadable: sum("unreadable"), failed: sum("failed") },
    };
  }
}
