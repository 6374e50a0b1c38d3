/**
 * The logs of a run's parts, kept in memory and read on.
 *
 * @module
 */
import { join } from "node:path";
import type { SeriesAnswer } from "../api/runs.ts";
import { DerivedColumns } from "./derived_columns.ts";
import { LogColumns, MISSING } from "./log_columns.ts";
import { Clock, type SampledLog, sampleLog, type SeriesQuery } from "./sample_series.ts";
import { RecordedCurve } from "./recorded_curve.ts";
import type { RunPart } from "./run_parts.ts";

/** A log of a part. */
class PartLog {
  readonly columns: LogColumns | RecordedCurve;
  readonly #clock = new Clock();
  readonly #derived: DerivedColumns;
  readonly #prefix: string;

  constructor(log: "steps" | "epochs", { folder, prefix, batchSize, curve }: RunPart) {
    this.columns = curve !== undefined && log === "epochs"
      ? new RecordedCurve(curve)
      : new LogColumns(join(folder, `${log}.jsonl`));
    this.#derived = new DerivedColumns(log, batchSize);
    this.#prefix = prefix;
  }

  async refresh(): Promise<void> {
    if (await this.columns.refresh() !== "anew") return;
    this.#clock.reset();
    this.#derived.reset();
  }

  get names(): string[] {
    return [...this.columns.names, ...this.#derived.names(this.columns)]
      .map((name) => `${this.#prefix}${name}`);
  }

  /** The first value of a metric and the mean of its last; undefined if it has none. */
  ends(shown: string): { readonly first: number; readonly last: number } | undefined {
    if (!shown.startsWith(this.#prefix)) return undefined;
    const name = shown.slice(this.#prefix.length);
    const values = this.columns.column(name) ?? this.#derived.column(this.columns, name);
    return values && endsOf(values);
  }

  sample(query: SeriesQuery): SampledLog {
    const { columns } = this;
    return sampleLog(
      {
        steps: columns.steps,
        seconds: this.#clock.of(columns),
        names: [...columns.names, ...this.#derived.names(columns)],
        column: (name) => columns.column(name) ?? this.#derived.column(columns, name),
      },
      query,
      this.#prefix,
    );
  }
}

/** Values at the end of a curve whose mean says how it stands. */
const LAST = 50;

/** The first value and the mean of the last; one of them that is not finite makes the mean so. */
function endsOf(
  values: Float64Array,
): { readonly first: number; readonly last: number } | undefined {
  const first = values.find((value) => value !== MISSING);
  if (first === undefined) return undefined;
  let [sum, count] = [0, 0];
  for (let row = values.length - 1; row >= 0 && count < LAST; row--) {
    if (values[row] === MISSING) continue;
    sum += values[row]!;
    count++;
  }
  return { first, last: sum / count };
}

/** The logs of a run. */
export class RunLogs {
  /** What it was opened of. */
  readonly parts: readonly RunPart[];
  readonly #steps: readonly PartLog[];
  readonly #epochs: readonly PartLog[];
  #refreshing: Promise<void> | undefined;

  /** Nothing is read yet. */
  constructor(parts: readonly RunPart[]) {
    this.parts = parts;
    this.#steps = parts.map((part) => new PartLog("steps", part));
    this.#epochs = parts.map((part) => new PartLog("epochs", part));
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

  /** The first value of a metric and the mean of its last ones, by steps or else by epochs; undefined if it has none. */
  ends(name: string): { readonly first: number; readonly last: number } | undefined {
    for (const log of [...this.#steps, ...this.#epochs]) {
      const found = log.ends(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The last step of each part's logs; -1 before the first. */
  get lastSteps(): readonly number[] {
    return this.#steps.map(({ columns }) => columns.steps.at(-1) ?? -1);
  }

  /** Epochs of a part that were finished by a step. */
  epochAt(part: number, step: number): number {
    const { columns } = this.#epochs[part]!;
    const epochs = columns.column("epoch");
    const row = columns.steps.findLastIndex((each) => each <= step);
    const epoch = epochs?.[row] ?? 0;
    return epoch > 0 ? epoch : 0;
  }

  /**
   * Curves of all parts.
   *
   * @param from first step of each part (default that of the query, of all)
   */
  series(run: string, query: SeriesQuery, from?: readonly number[]): SeriesAnswer {
    const of = (part: number) => from === undefined ? query : { ...query, from: from[part]! };
    const steps = this.#steps.map((log, part) => log.sample(of(part)));
    const epochs = this.#epochs.map((log, part) => log.sample(of(part)));
    return {
      run,
      steps: steps.flatMap(({ series }) => series),
      epochs: epochs.flatMap(({ series }) => series),
      exact: [...steps, ...epochs].every(({ exact }) => exact),
    };
  }
}
