/**
 * A curve that a checkpoint holds whole, in the form of a log.
 *
 * @module
 */

/** Mean losses of the epochs of a training. */
export interface RecordedLosses {
  /** Steps of an epoch. */
  readonly perEpoch: number;
  /** The mean loss of each epoch. */
  readonly losses: readonly number[];
}

/** Losses by epoch, as columns. */
export class RecordedCurve {
  /** Lines that could not be read: none. */
  readonly damaged = 0;
  /** Names of its metrics. */
  readonly names: readonly string[] = ["epoch", "loss"];
  /** Steps after each epoch. */
  readonly steps: Float64Array;
  readonly #columns: Readonly<Record<string, Float64Array>>;

  /** Lays out the losses. */
  constructor({ perEpoch, losses }: RecordedLosses) {
    this.steps = Float64Array.from(losses, (_, i) => perEpoch * (i + 1));
    this.#columns = {
      epoch: Float64Array.from(losses, (_, i) => i + 1),
      loss: Float64Array.from(losses),
    };
  }

  /** How many epochs there are. */
  get length(): number {
    return this.steps.length;
  }

  /** Values of a metric. */
  column(name: string): Float64Array | undefined {
    return this.names.includes(name) ? this.#columns[name] : undefined;
  }

  /** Bytes of memory that the columns take. */
  get bytes(): number {
    return 3 * this.steps.byteLength;
  }

  /** It never grows. */
  refresh(): Promise<"none"> {
    return Promise.resolve("none");
  }
}
