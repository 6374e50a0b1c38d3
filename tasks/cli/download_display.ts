/**
 * What a person sees of downloads.
 *
 * @module
 */

/** Milliseconds between two states of the line on a terminal; elsewhere one line a tenth of the file is enough. */
const INTERVAL = 200;

/** Formats a number of bytes as `1.26 GB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toPrecision(3)} ${units[power]}`;
}

/** Where the display is written, and what it measures time by. */
export interface DisplayOptions {
  readonly write: (text: string) => void;
  /** Whether a line can be written over. */
  readonly terminal: boolean;
  /** Milliseconds since some moment. */
  readonly now: () => number;
}

/** A line that tells how far a download is; ends with `using`. */
export class DownloadDisplay implements Disposable {
  readonly #options: DisplayOptions;
  #path = "";
  /** When the file began, and what was there by then. */
  #began = 0;
  #first = 0;
  #shown = 0;
  #tenth = -1;
  #open = false;

  constructor(options: DisplayOptions) {
    this.#options = options;
  }

  /** Shows how many bytes of a file are there. */
  update(path: string, received: number, size: number): void {
    const now = this.#options.now();
    if (path !== this.#path) {
      this.#end();
      [this.#path, this.#began, this.#first, this.#shown, this.#tenth] = [
        ...[path, now, received, -Infinity, -1] as const,
      ];
    }
    const done = received === size;
    const tenth = Math.floor(10 * received / Math.max(size, 1));
    const due = this.#options.terminal ? now - this.#shown >= INTERVAL : tenth > this.#tenth;
    if (!due && !done) return;
    this.#shown = now;
    this.#tenth = tenth;
    this.#show(this.#line(received, size, now), done);
  }

  #line(received: number, size: number, now: number): string {
    const seconds = (now - this.#began) / 1000;
    const rate = (received - this.#first) / seconds;
    const percent = Math.floor(100 * received / Math.max(size, 1));
    const speed = seconds > 0 && rate > 0 ? `, ${formatBytes(rate)}/s` : "";
    return `${this.#path}: ${percent} % of ${formatBytes(size)}${speed}`;
  }

  #show(line: string, done: boolean): void {
    const { terminal, write } = this.#options;
    write(terminal ? `\r\x1b[K${line}${done ? "\n" : ""}` : `${line}\n`);
    this.#open = terminal && !done;
  }

  #end(): void {
    if (this.#open) this.#options.write("\n");
    this.#open = false;
  }

  /** Ends the line. */
  [Symbol.dispose](): void {
    this.#end();
  }
}
