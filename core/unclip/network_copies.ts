/**
 * How many copies of a small network share a batch on the cores of a CPU.
 *
 * @module
 */
import { CPU, type Placement } from "../engine/ort/mod.ts";

/**
 * Bytes of a file of weights up to which the network is copied. What larger ones compute is enough for all threads to share,
 * and copies of their weights would fill the memory.
 */
const LARGEST_COPIED = 64 << 20;

/** Rows that a copy has at least: each has weights of its own, and fewer rows leave little to compute by each of them. */
const LEAST_ROWS = 4;

/** Whether a network is small enough that copies of it share a batch, by the bytes of the file of its weights. */
export function isSmallNetwork(bytes: number): boolean {
  return bytes <= LARGEST_COPIED;
}

/** What decides how many copies of a network are at work. */
export interface CopiesOptions extends Partial<Placement> {
  /** Rows of a batch. */
  readonly batchSize: number;
  /** Bytes of the file of its weights. */
  readonly bytes: number;
}

/** Copies of a network, and the threads of each. */
export interface Copies {
  /** How many there are. */
  readonly count: number;
  /** Threads of each; one for each physical core when 0 or left out. */
  readonly threads?: number | undefined;
}

/**
 * How many copies of a network share a batch: of small ones on the CPU as many as divide it into parts of four rows or more and
 * have a thread each. Where maps are small, two copies with a thread each are faster than one with two threads, which wait for
 * each other at every node.
 */
export function copiesOf({ device = CPU, threads, batchSize, bytes }: CopiesOptions): Copies {
  const cores = threads || navigator.hardwareConcurrency;
  const isCopied = device.provider === "cpu" && isSmallNetwork(bytes);
  let count = isCopied ? Math.max(1, Math.min(cores, Math.floor(batchSize / LEAST_ROWS))) : 1;
  while (batchSize % count !== 0) count--;
  return { count, threads: count === 1 ? threads : Math.floor(cores / count) };
}

/**
 * Loads the copies of a network. A session of one thread computes on the threads that ask it to, so that one serves as all of
 * its copies; one of several has them to itself.
 */
export async function loadCopies<T>(
  { count, threads }: Copies,
  load: (threads: number | undefined) => Promise<T>,
): Promise<T[]> {
  const first = await load(threads);
  if (threads === 1) return new Array<T>(count).fill(first);
  const copies = [first];
  while (copies.length < count) copies.push(await load(threads));
  return copies;
}
