/**
 * Collectives of MPI that block the thread of JavaScript.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import {
  arrayLike,
  checkReducible,
  checkTarget,
  type CollectiveArray,
  divide,
  memoryOf,
  type Reduction,
} from "./collective_data.ts";
import { allGatherCalls, allReduceCalls, reduceScatterCalls } from "./mpi_collectives.ts";
import type { MpiCommunicator } from "./mpi_communicator.ts";
import type { BlockingCollectives } from "./process_group.ts";

/** Collectives that return when they are done. */
export class MpiBlocking implements BlockingCollectives {
  readonly rank: number;
  readonly size: number;
  readonly #communicator: MpiCommunicator;

  constructor(communicator: MpiCommunicator) {
    this.#communicator = communicator;
    this.rank = communicator.rank;
    this.size = communicator.size;
  }

  allReduce(data: CollectiveArray, reduction: Reduction): void {
    const memory = memoryOf(data);
    const what = `all-reduce ${memory.length} ${memory.element} by ${reduction}`;
    checkReducible(what, memory.element, reduction);
    const calls = allReduceCalls(this.#communicator, memory, reduction);
    this.#communicator.runNow(what, calls, data.byteLength);
    if (reduction === "mean") divide(data, this.size);
  }

  allGather<T extends CollectiveArray>(data: T, target?: T): T {
    const result = target ?? arrayLike(data, data.length * this.size);
    const [from, to] = [memoryOf(data), memoryOf(result)];
    const what = `all-gather ${from.length} ${from.element}`;
    checkTarget(what, from, to, from.length * this.size);
    if (to.length > this.#communicator.longest) {
      result.set(data as never, this.rank * data.length);
    }
    this.#communicator.runNow(what, allGatherCalls(this.#communicator, from, to), data.byteLength);
    return result;
  }

  reduceScatter<T extends CollectiveArray>(data: T, reduction: Reduction, target?: T): T {
    const from = memoryOf(data);
    const what = `reduce and scatter ${from.length} ${from.element} by ${reduction}`;
    checkReducible(what, from.element, reduction);
    if (from.length % this.size !== 0) {
      throw new GenviewRangeError(
        `Cannot ${what}: the data must have an equal part for each of ${this.size} ranks`,
      );
    }
    const length = from.length / this.size;
    const result = target ?? arrayLike(data, length);
    const to = memoryOf(result);
    checkTarget(what, from, to, length);
    const calls = reduceScatterCalls(this.#communicator, from, to, reduction);
    this.#communicator.runNow(what, calls, data.byteLength);
    if (reduction === "mean") divide(result, this.size);
    return result;
  }
}
