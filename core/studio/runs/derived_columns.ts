/**
 * Curves that follow from what a log has, and that people ask for rather than for what it has.
 *
 * @module
 */
import { MISSING } from "./log_columns.ts";

/** A log's columns by name. */
export interface NamedColumns {
  /** Values of a metric; undefined if no record has it. */
  column(name: string): Float64Array | undefined;
}

/** A curve that follows from others. */
interface DerivedColumn {
  readonly name: string;
  /** Columns that it follows from. */
  readonly from: readonly string[];
  /** Its value for theirs, of which the second is that of the batch size where there is one column. */
  readonly value: (first: number, second: number) => number;
}

/** Curves over steps. */
const OF_STEPS: readonly DerivedColumn[] = [
  {
    name: "imagesPerSecond",
    from: ["seconds"],
    value: (seconds, batchSize) => batchSize / seconds,
  },
  {
    name: "communicationShare",
    from: ["communicationSeconds", "seconds"],
    value: (communication, seconds) => communication / seconds,
  },
];

/** Curves over epochs. */
const OF_EPOCHS: readonly DerivedColumn[] = [
  {
    name: "waitShare",
    from: ["waitSeconds", "seconds"],
    value: (wait, seconds) => wait / seconds,
  },
];

/** Curves that follow from a log's own. */
export class DerivedColumns {
  readonly #known: readonly DerivedColumn[];
  readonly #batchSize: number | undefined;
  /** Columns as they were computed last. */
  readonly #computed = new Map<string, Float64Array>();

  /** @param batchSize images of a step, where they are known */
  constructor(log: "steps" | "epochs", batchSize: number | undefined) {
    this.#known = log === "steps" ? OF_STEPS : OF_EPOCHS;
    this.#batchSize = batchSize;
  }

  #found(columns: NamedColumns): DerivedColumn[] {
    return this.#known.filter(({ name, from }) =>
      (name !== "imagesPerSecond" || this.#batchSize !== undefined) &&
      columns.column(name) === undefined &&
      from.every((each) => columns.column(each) !== undefined)
    );
  }

  /** Their names. */
  names(columns: NamedColumns): string[] {
    return this.#found(columns).map(({ name }) => name);
  }

  /** Values of one; undefined if it does not follow from the log. */
  column(columns: NamedColumns, name: string): Float64Array | undefined {
    const derived = this.#found(columns).find((each) => each.name === name);
    if (derived === undefined) return undefined;
    const [first, second] = derived.from.map((each) => columns.column(each)!);
    const known = this.#computed.get(name);
    // Whoever opened the log knows that it was read anew.
    if (known?.length === first!.length) return known;
    const values = new Float64Array(first!.length);
    for (let row = 0; row < values.length; row++) {
      values[row] = this.#valueOf(derived, first![row]!, second?.[row]);
    }
    this.#computed.set(name, values);
    return values;
  }

  /** Forgets what was computed, when a log was read anew. */
  reset(): void {
    this.#computed.clear();
  }

  #valueOf({ value }: DerivedColumn, first: number, second: number | undefined): number {
    const other = second ?? this.#batchSize ?? NaN;
    return first === MISSING || other === MISSING ? MISSING : value(first, other);
  }

  /** Values that follow from those of one record. */
  ofRecord(record: Readonly<Record<string, number>>): Record<string, number> {
    const found = this.#known.flatMap((derived): [string, number][] => {
      const [first, second] = derived.from.map((name) => record[name] ?? MISSING);
      const value = derived.name in record ? MISSING : this.#valueOf(derived, first!, second);
      return value !== MISSING && Number.isFinite(value) ? [[derived.name, value]] : [];
    });
    return Object.fromEntries(found);
  }
}
