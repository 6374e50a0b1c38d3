/**
 * Two processes that do the same work by turns, and what came of it.
 *
 * @module
 */
import process from "node:process";
import type { Peer } from "./peer.ts";

/** Ours before the peer's. */
export type Both<T = number> = readonly [ours: T, theirs: T];

/** Medians of the rounds in seconds, by the clock and by the processor, and peaks of the processes' memory. */
export interface Comparison {
  readonly clock: Both;
  readonly processor: Both;
  /** Left out where the work lies in a device's memory, of which the processes' says nothing. */
  readonly peakBytes?: Both;
}

/** One side's answer to a round. */
interface Answer {
  readonly clock: number;
  readonly processor: number;
  readonly peakBytes: number;
  /** A figure of what was computed, which must be the other side's too. */
  readonly check: number;
}

function parseAnswer(line: string): Answer {
  const [clock, processor, peakBytes, check] = line.split(" ").map(Number);
  return { clock: clock!, processor: processor!, peakBytes: peakBytes!, check: check! };
}

/** The middle of some values; the upper of the two middle ones if they are even in number. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Peak memory of this process. */
export function peakBytes(): number {
  return 1024 * process.resourceUsage().maxRSS;
}

/**
 * Our side: does a round's work for each line of standard input, and answers by a line of seconds by the clock, by the
 * processor, peak memory in bytes and the figure that the work gives.
 */
export async function answerRounds(work: () => Promise<number>): Promise<void> {
  for await (const _ of Deno.stdin.readable) {
    const began = performance.now();
    const busy = process.cpuUsage();
    const check = await work();
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(busy);
    console.log(seconds, (user + system) / 1e6, peakBytes(), check);
  }
}

/** How rounds alternate. */
export interface AlternateOptions {
  /** What is compared, for errors. */
  readonly name: string;
  /** Rounds that count. */
  readonly rounds: number;
  /** Rounds before them, which warm up. */
  readonly warmUp: number;
  /** Largest relative difference of the sides' figures in the first round. */
  readonly tolerance: number;
  /** Size of figures from which differences are relative (default 0): smaller ones are known to rounding alone. */
  readonly smallest?: number;
  /** Whether the work lies in the processes' own memory; it does unless told. */
  readonly hostMemory?: boolean;
}

function checkSameWork(
  [ours, theirs]: Both<Answer>,
  { name, tolerance, smallest = 0 }: AlternateOptions,
): void {
  const size = Math.max(Math.abs(theirs.check), smallest);
  if (Math.abs(ours.check - theirs.check) <= tolerance * size) return;
  throw new Error(
    `Cannot compare ${name}: the first results must agree within ${tolerance}, found ours ` +
      `${ours.check} and the peer's ${theirs.check}`,
  );
}

/**
 * Runs rounds, each first ours and then theirs, so that a machine that slows down slows both.
 *
 * @throws {Error} if the sides' figures of the first round differ, so that they do not do the same work
 */
export async function alternate(
  ours: Peer,
  theirs: Peer,
  options: AlternateOptions,
): Promise<Comparison> {
  const { rounds, warmUp, hostMemory = true } = options;
  const answers: Both<Answer>[] = [];
  for (let round = -warmUp; round < rounds; round++) {
    answers.push([parseAnswer(await ours.ask("go")), parseAnswer(await theirs.ask("go"))]);
    if (answers.length === 1) checkSameWork(answers[0]!, options);
  }
  const each = (key: keyof Answer, reduce: (values: readonly number[]) => number) =>
    [0, 1].map((side) => reduce(answers.slice(warmUp).map((both) => both[side]![key]))) as [
      number,
      number,
    ];
  return {
    clock: each("clock", median),
    processor: each("processor", median),
    ...(hostMemory && { peakBytes: each("peakBytes", (values) => Math.max(...values)) }),
  };
}

/**
 * Lines for people: the ratios by clock and processor, and the memory where it is known.
 *
 * @param figure what a time in seconds means, such as images in a second
 */
export function describeComparison(
  { clock, processor, peakBytes }: Comparison,
  peer: string,
  figure: (times: Both) => string,
): string {
  const speed = (times: Both) =>
    `${(times[1] / times[0]).toFixed(2)} times ${peer} speed (${figure(times)})`;
  const gibibytes = (bytes: number) => (bytes / 2 ** 30).toFixed(2);
  const times = `  by the clock      ${speed(clock)}\n  by the processor  ${speed(processor)}`;
  if (peakBytes === undefined) return times;
  const [ours, theirs] = peakBytes;
  return `${times}\n  peak memory       ${(ours / theirs).toFixed(2)} times ${peer} ` +
    `(${gibibytes(ours)} against ${gibibytes(theirs)} GiB)`;
}

/** Images in a second, of batches of a size. */
export function imagesPerSecond(batch: number): (times: Both) => string {
  return ([us, them]) => `${(batch / us).toFixed(2)} against ${(batch / them).toFixed(2)} images/s`;
}
