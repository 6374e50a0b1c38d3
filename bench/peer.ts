/**
 * One side of a comparison: a process that stays up, is asked by lines and answers by lines.
 *
 * @module
 */

/** How Deno runs a program of this folder as our side, with what it may do. */
export const DENO_RUN: readonly string[] = [
  "run",
  "--no-check",
  "--allow-read",
  "--allow-ffi",
  "--allow-env",
  "--allow-sys",
];

/** A process that answers each line with a line. */
export class Peer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #command: string;
  #rest = "";

  /** Starts the process. */
  constructor(
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) {
    this.#command = [command, ...args.slice(0, 6)].join(" ");
    this.#process = new Deno.Command(command, {
      args: [...args],
      env: { ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#lines = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Its process number. */
  get pid(): number {
    return this.#process.pid;
  }

  /**
   * Asks, and waits for the answer.
   *
   * @throws {Error} if the process ends without one
   */
  async ask(question: string): Promise<string> {
    await this.#writer.write(new TextEncoder().encode(`${question}\n`));
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return line;
      }
      const { done, value } = await this.#lines.read();
      if (done) throw new Error(`Cannot compare: "${this.#command} …" ended without an answer`);
      this.#rest += value;
    }
  }

  /** Ends the process by ending its input. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
    await this.#lines.cancel();
    await this.#process.status;
  }
}
