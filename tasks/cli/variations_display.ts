/**
 * What is seen of variations that are generated.
 *
 * @module
 */
import { ProgressLine } from "./progress_line.ts";
import type { VariationDisplay } from "../variations_run.ts";

/** A progress line on standard error, with images a second, however slow, and the time that is left. */
export class ProgressDisplay implements VariationDisplay, Disposable {
  #progress: ProgressLine | undefined;
  #began = 0;
  #done = 0;
  #made = 0;
  #unreadable = 0;

  start(total: number, there: number): void {
    this.#began = performance.now();
    this.#done = there;
    this.#progress = new ProgressLine({
      total,
      start: there,
      write: (text) => Deno.stderr.writeSync(new TextEncoder().encode(text)),
      columns: () => Deno.stderr.isTerminal() ? Deno.consoleSize().columns : undefined,
    });
    this.advance(0, 0);
  }

  advance(made: number, unreadable: number): void {
    this.#made += made;
    this.#unreadable += unreadable;
    this.#done += made + unreadable;
    const seconds = (performance.now() - this.#began) / 1000;
    this.#progress?.update(this.#done, {
      ...(this.#made > 0 && { "img/s": this.#made / seconds }),
      ...(this.#unreadable > 0 && { unreadable: this.#unreadable }),
    });
  }

  note(text: string): void {
    if (this.#progress !== undefined) this.#progress.note(text);
    else console.error(text);
  }

  /** Ends the progress line. */
  [Symbol.dispose](): void {
    this.#progress?.[Symbol.dispose]();
  }
}

/** What a worker tells its parent, as a line of JSON. */
export type WorkerReport =
  | { readonly kind: "start"; readonly total: number; readonly there: number }
  | { readonly kind: "advance"; readonly made: number; readonly unreadable: number }
  | { readonly kind: "note"; readonly text: string }
  /** Its input is to be closed: it ends when that does. */
  | { readonly kind: "end" };

/** Lines of JSON on standard output. */
export class ReportDisplay implements VariationDisplay, Disposable {
  #report(report: WorkerReport): void {
    console.log(JSON.stringify(report));
  }

  start(total: number, there: number): void {
    this.#report({ kind: "start", total, there });
  }

  advance(made: number, unreadable: number): void {
    this.#report({ kind: "advance", made, unreadable });
  }

  note(text: string): void {
    this.#report({ kind: "note", text });
  }

  /** Says that nothing more comes. */
  [Symbol.dispose](): void {
    this.#report({ kind: "end" });
  }
}
