/**
 * One of the processes of `deno task variations --workers N`: reads its job from standard input, a line of JSON, and
 * reports on standard output. It stops when its input ends, and so does not outlive its parent.
 *
 * @module
 */
import { GenviewTypeError } from "../core/errors/mod.ts";
import { runTask } from "./cli/command_line.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import { ReportDisplay } from "./cli/variations_display.ts";
import { runVariations, type VariationJob } from "./variations_run.ts";

/** The first line of the input; what follows is left. */
async function readJob(input: ReadableStreamDefaultReader<string>): Promise<VariationJob> {
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await input.read();
    if (done) {
      throw new GenviewTypeError("Cannot begin: the input must be a line of JSON, found none");
    }
    text += value;
  }
  return JSON.parse(text);
}

async function main(): Promise<void> {
  using show = new ReportDisplay();
  const input = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader();
  const job = await readJob(input);
  using interrupt = interruptSignal();
  const parent = new AbortController();
  input.read().finally(() =>
    parent.abort(new DOMException("The parent asks to stop", "AbortError"))
  );
  const signal = AbortSignal.any([interrupt.signal, parent.signal]);
  await runVariations(job, { signal, show });
}

if (import.meta.main) await runTask(main);
