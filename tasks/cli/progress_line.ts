/**
 * How far a run has come: one line that is redrawn on a terminal, a line every so often elsewhere.
 *
 * @module
 */

/** What a progress line shows beside the bar, in the order given; numbers are shortened. */
export type ProgressFields = Readonly<Record<string, number | string>>;

/** How far a run has come. */
export interface ProgressState {
  /** Steps that are done. */
  readonly step: number;
  /** Steps in all. */
  readonly total: number;
  /** Seconds that are left; undefined while nobody can know. */
  readonly secondsLeft: number | undefined;
  readonly fields: ProgressFields;
}

const BAR_COLUMNS = { most: 24, least: 8 };
/** Redrawing more often than this only makes a terminal flicker. */
const REDRAW_SECONDS = 0.1;
/** Time over which the speed is averaged, so that it follows changes and does not jump. */
const SMOOTHING_SECONDS = 60;
/** From less time no speed is shown: what several processes report comes at once. */
const MEASURED_SECONDS = 0.05;
const SECOND = 1;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in its two largest units: `59s`, `3m12s`, `1h02m`, `3d03h`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  if (whole < MINUTE) return `${whole}s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)}m${two(whole % MINUTE)}s`;
  if (whole < DAY) return `${Math.floor(whole / HOUR)}h${two((whole % HOUR) / MINUTE)}m`;
  return `${Math.floor(whole / DAY)}d${two((whole % DAY) / HOUR)}h`;
}

/** A number in some four digits, by powers of ten where it is very small or very large: `6.123`, `3.00e-4`, `812`. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  if (size >= 1e7 || (size < 1e-3 && value !== 0)) return value.toExponential(2);
  return size >= 1e3 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(4);
}

/** A bar of exactly `columns` characters. */
export function formatBar(fraction: number, columns: number): string {
  const filled = Math.round(Math.min(Math.max(fraction, 0), 1) * columns);
  return "━".repeat(filled) + "─".repeat(columns - filled);
}

function formatFields(fields: ProgressFields): string[] {
  return Object.entries(fields).map(([name, value]) =>
    `${name} ${typeof value === "number" ? formatNumber(value) : value}`
  );
}

/**
 * A line that fits into `columns`: the bar shrinks first, then fields are left out, the last ones first.
 *
 * @param columns columns of the terminal; without, everything is shown and there is no bar
 */
export function formatProgress(state: ProgressState, columns?: number): string {
  const { step, total, secondsLeft, fields } = state;
  const fraction = total > 0 ? step / total : 1;
  const percent = `${Math.floor(fraction * 100)}%`;
  const left = secondsLeft === undefined ? "–" : formatDuration(secondsLeft);
  const done = `${String(step).padStart(String(total).length)}/${total}`;
  const parts = [percent.padStart(4), done, `${left} left`, ...formatFields(fields)];
  if (columns === undefined) return parts.join("  ").trimStart();
  // The last column stays free: some terminals break the line when it is filled.
  const free = () => columns - 2 - parts.join("  ").length;
  while (parts.length > 2 && free() < BAR_COLUMNS.least) parts.pop();
  const text = parts.join("  ");
  if (free() < BAR_COLUMNS.least) return text.slice(0, Math.max(columns - 1, 0));
  return `${formatBar(fraction, Math.min(BAR_COLUMNS.most, free()))} ${text}`;
}

/** Where progress is shown. */
export interface ProgressOutput {
  /** Takes the text; it ends its own lines. */
  readonly write: (text: string) => void;
  /** Columns of the terminal that `write` leads to; undefined if it leads elsewhere. */
  readonly columns: () => number | undefined;
}

/** Standard error, or a function that takes the text and is no terminal. */
export function progressOutput(write?: (text: string) => void): ProgressOutput {
  if (write !== undefined) return { write, columns: () => undefined };
  const encoder = new TextEncoder();
  return {
    write: (text) => void Deno.stderr.writeSync(encoder.encode(text)),
    columns: () => Deno.stderr.isTerminal() ? Deno.consoleSize().columns : undefined,
  };
}

/** How a {@linkcode ProgressLine} shows itself. */
export interface ProgressOptions extends ProgressOutput {
  /** Steps in all. */
  readonly total: number;
  /** Steps that are done already, after a resume. */
  readonly start?: number;
  /** Images that a step takes, for the speed in images a second. */
  readonly imagesPerStep?: number;
  /** Seconds between lines where there is no terminal; 30 by default. */
  readonly plainSeconds?: number;
  /** Seconds from any fixed moment; by default the clock's. */
  readonly now?: () => number;
}

/** A progress line; ends with `using`, which leaves the cursor on a line of its own. */
export class ProgressLine implements Disposable {
  readonly #options: ProgressOptions;
  readonly #now: () => number;
  #state: ProgressState;
  #lastTime: number;
  #lastShown = -Infinity;
  /** Seconds and steps of late, those long ago counting for less. */
  #recent = { seconds: 0, steps: 0 };
  #isDrawn = false;

  constructor(options: ProgressOptions) {
    const { total, start: step = 0 } = options;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now() / 1000);
    this.#lastTime = this.#now();
    this.#state = { step, total, secondsLeft: undefined, fields: {} };
  }

  /** Takes note of the steps that are done, and shows them if it is time to. */
  update(step: number, fields: ProgressFields = {}): void {
    const { total, imagesPerStep, plainSeconds = 30 } = this.#options;
    const now = this.#now();
    this.#measure(step - this.#state.step, now - this.#lastTime);
    this.#lastTime = now;
    const { seconds, steps } = this.#recent;
    const pace = steps === 0 || seconds < MEASURED_SECONDS ? undefined : seconds / steps;
    const speed: ProgressFields = pace && imagesPerStep
      ? { "img/s": Math.round(imagesPerStep / pace) }
      : {};
    const secondsLeft = step >= total ? 0 : pace && (total - step) * pace;
    this.#state = { step, total, secondsLeft, fields: { ...fields, ...speed } };
    const wait = this.#options.columns() === undefined ? plainSeconds : REDRAW_SECONDS;
    if (step < total && now - this.#lastShown < wait) return;
    this.#lastShown = now;
    this.#show();
  }

  /** Writes a line of text above the progress. */
  note(text: string): void {
    this.#options.write(this.#isDrawn ? `\r\x1b[K${text}\n` : `${text}\n`);
    if (this.#isDrawn) this.#show();
  }

  /** Averages the speed over time, so that a pause between two steps counts for no more than it lasted. */
  #measure(steps: number, seconds: number): void {
    if (steps <= 0 || seconds <= 0) return;
    const kept = Math.exp(-seconds / SMOOTHING_SECONDS);
    const added = SMOOTHING_SECONDS * (1 - kept);
    this.#recent = {
      seconds: this.#recent.seconds * kept + added,
      steps: this.#recent.steps * kept + added * (steps / seconds),
    };
  }

  #show(): void {
    const columns = this.#options.columns();
    const line = formatProgress(this.#state, columns);
    this.#isDrawn = columns !== undefined;
    this.#options.write(this.#isDrawn ? `\r${line}\x1b[K` : `${line}\n`);
  }

  /** Ends the line that was being redrawn. */
  [Symbol.dispose](): void {
    if (this.#isDrawn) this.#options.write("\n");
    this.#isDrawn = false;
  }
}
