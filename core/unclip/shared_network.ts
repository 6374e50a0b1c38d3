/**
 * A small network whose copies share each batch on the cores of a CPU.
 *
 * @module
 */
import type { Tensor } from "../engine/graph/tensor.ts";
import { CPU, type Placement, type Session } from "../engine/ort/mod.ts";
import { joinRows, rowRange } from "./rows.ts";

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
 * have a thread each.
 */
export function copiesOf({ device = CPU, threads, batchSize, bytes }: CopiesOptions): Copies {
  const cores = threads || navigator.hardwareConcurrency;
  const isCopied = device.provider === "cpu" && isSmallNetwork(bytes);
  let count = isCopied ? Math.max(1, Math.min(cores, Math.floor(batchSize / LEAST_ROWS))) : 1;
  while (batchSize % count !== 0) count--;
  return { count, threads: count === 1 ? threads : Math.floor(cores / count) };
}

/**
 * Copies of a network that each take a part of a batch's rows. Where maps are small, two copies with a thread each are faster
 * than one with two threads, which wait for each other at every node.
 */
export class SharedNetwork implements Disposable {
  readonly #copies: readonly Session[];
  readonly #batchSize: number;

  private constructor(copies: readonly Session[], batchSize: number) {
    this.#copies = copies;
    this.#batchSize = batchSize;
  }

  /**
   * Loads the copies.
   *
   * @param load loads one for so many rows of a batch, on so many threads
   * @throws what `load` throws
   */
  static async create(
    batchSize: number,
    { count, threads }: Copies,
    load: (rows: number, threads: number | undefined) => Promise<Session>,
  ): Promise<SharedNetwork> {
    using loaded = new DisposableStack();
    const copies: Session[] = [];
    for (let i = 0; i < count; i++) copies.push(loaded.use(await load(batchSize / count, threads)));
    loaded.move();
    return new SharedNetwork(copies, batchSize);
  }

  /**
   * Runs the network on a batch.
   *
   * @param given inputs, of which those of as many rows as the batch are shared out, and others are given to all copies
   * @returns the outputs of all rows
   */
  async run(
    given: Readonly<Record<string, Tensor<"float32">>>,
  ): Promise<Record<string, Tensor<"float32">>> {
    const rows = this.#batchSize / this.#copies.length;
    const parts = await Promise.all(this.#copies.map((copy, i) => {
      const own = Object.entries(given).map(([name, value]) => {
        const isShared = value.shape[0] === this.#batchSize;
        return [name, isShared ? rowRange(value, i * rows, rows) : value];
      });
      return copy.run(Object.fromEntries(own)) as Promise<Record<string, Tensor<"float32">>>;
    }));
    const names = Object.keys(parts[0]!);
    return Object.fromEntries(
      names.map((name) => [name, joinRows(parts.map((part) => part[name]!))]),
    );
  }

  /** Releases the copies. */
  [Symbol.dispose](): void {
    for (const copy of this.#copies) copy[Symbol.dispose]();
  }
}
