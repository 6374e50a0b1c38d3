/**
 * The logs of a run's parts, kept in memory and read on.
 *
 * @module
 */
import { join } from "node:path";
import type { SeriesAnswer } from "../api/runs.ts";
import { LogColumns } from "./log_columns.ts";
import { Clock, type SampledLog, sampleLog, type SeriesQuery } from "./sample_series.ts";
import type { RunPart } from "./run_parts.ts";

/** A log of a part. */
class PartLog {
  readonly columns: LogColumns;
  readonly clock = new Clock();
  readonly #prefix: string;

  constructor(path: string, prefix: string) {
    this.columns = new LogColumns(path);
    this.#prefix = prefix;
  }

  async refresh(): Promise<void> {
    if (await this.columns.refresh() === "anew") this.clock.reset();
  }

  get names(): string[] {
    return this.columns.names.map((name) => `${this.#prefix}${name}`);
  }

  sample(query: SeriesQuery): SampledLog {
    return sampleLog(this.columns, this.clock, query, this.#prefix);
  }
}

/** The logs of a run. */
export class RunLogs {
  /** Folders of its parts, as they were opened. */
  readonly folders: string;
  readonly #steps: readonly PartLog[];
  readonly #epochs: readonly PartLog[];
  #refreshing: Promise<void> | undefined;

  /** Nothing is read yet. */
  constructor(parts: readonly RunPart[], folders: string) {
    this.folders = folders;
    const open = (name: string) =>
      parts.map(({ folder, prefix }) => new PartLog(join(folder, name), prefix));
    this.#steps = open("steps.jsonl");
    this.#epochs = open("epochs.jsonl");
  }

  /**
   * Reads what the logs have more than before; those who ask meanwhile wait for the same.
   *
   * @throws {GenviewTypeError} if one of them is no plain file
   * @throws {GenviewRangeError} if one of them has more than can be shown
   * @throws {GenviewError} if the system refuses
   */
  refresh(): Promise<void> {
    return this.#refreshing ??= this.#refresh().finally(() => this.#refreshing = undefined);
  }

  async #refresh(): Promise<void> {
    for (const log of [...this.#steps, ...this.#epochs]) await log.refresh();
  }

  /** Bytes of memory that they take. */
  get bytes(): number {
    return [...this.#steps, ...this.#epochs].reduce((sum, { columns }) => sum + columns.bytes, 0);
  }

  /** Lines of all logs that could not be read. */
  get damaged(): number {
    return [...this.#steps, ...this.#epochs].reduce((sum, { columns }) => sum + columns.damaged, 0);
  }

  /** Names of all metrics. */
  get names(): { readonly steps: readonly string[]; readonly epochs: readonly string[] } {
    return {
      steps: this.#steps.flatMap(({ names }) => names),
      epochs: this.#epochs.flatMap(({ names }) => names),
    };
  }

  /** The last step of all logs; -1 before the first. */
  get lastStep(): number {
    return Math.max(-1, ...this.#steps.map(({ columns }) => columns.steps.at(-1) ?? -1));
  }

  /** Epochs of a part that were finished by a step. */
  epochAt(part: number, step: number): number {
    const { columns } = this.#epochs[part]!;
    const epochs = columns.column("epoch");
    const row = columns.steps.findLastIndex((each) => each <= step);
    const epoch = epochs?.[row] ?? 0;
    return epoch > 0 ? epoch : 0;
  }

  /** Curves of all parts. */
  series(run: string, query: SeriesQuery): SeriesAnswer {
    const steps = this.#steps.map((log) => log.sample(query));
    const epochs = this.#epochs.map((log) => log.sample(query));
    return {
      run,
      steps: steps.flatMap(({ series }) => series),
      epochs: epochs.flatMap(({ series }) => series),
      exact: [...steps, ...epochs].every(({ exact }) => exact),
    };
  }
}
