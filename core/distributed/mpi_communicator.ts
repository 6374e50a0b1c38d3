/**
 * A communicator of MPI: the ranks, and running collectives among them, on the thread of JavaScript or on another.
 *
 * @module
 */
import { GenviewError } from "../errors/mod.ts";
import { outInt, outWord } from "../engine/ort/c_values.ts";
import type { CollectiveMeter } from "./collective_meter.ts";
import type { Communicator, MpiCall } from "./mpi_collectives.ts";
import { addressOf, type MpiLibrary } from "./mpi_library.ts";
import {
  type MpiArguments,
  type MpiConstants,
  type MpiFunction,
  TEXT_BYTES,
} from "./mpi_signatures.ts";

/** Calls a function of MPI before there are ranks to name, and checks what it returns. */
export function callMpi<F extends MpiFunction>(
  mpi: MpiLibrary,
  name: F,
  ...given: MpiArguments<F>
): void {
  const code = mpi.call(name, ...given);
  if (code !== 0) {
    throw new GenviewError(
      `Cannot start ${mpi.version}: ${name} must succeed, found ${errorText(mpi, code)}`,
    );
  }
}

/** An `int` that a function of MPI writes about a communicator. */
export function askMpi(
  mpi: MpiLibrary,
  name: "MPI_Comm_rank" | "MPI_Comm_size",
  communicator: number,
): number {
  const out = outInt();
  callMpi(mpi, name, communicator, addressOf(out));
  return out[0]!;
}

/** What MPI says about an error. */
function errorText(mpi: MpiLibrary, code: number): string {
  const text = new Uint8Array(new ArrayBuffer(TEXT_BYTES));
  const length = outInt();
  if (mpi.call("MPI_Error_string", code, addressOf(text), addressOf(length)) !== 0) {
    return `error ${code}`;
  }
  // MPICH adds the functions of its own that the error has come through.
  return new TextDecoder().decode(text.subarray(0, length[0])).split(", error stack")[0]!.trim();
}

/** Calls that run one after another. */
interface Task {
  readonly what: string;
  /** At least one. */
  readonly calls: readonly MpiCall[];
  /** Of this process's data. */
  readonly bytes: number;
  /** Of the memory that is read and written, which is not collected as long as they are here. */
  readonly owners: readonly unknown[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A call that is on its way. */
interface Started {
  readonly task: Task;
  readonly name: MpiFunction;
  readonly pending: Promise<number>;
  /** When it was started, in milliseconds. */
  readonly began: number;
  readonly isLast: boolean;
}

function secondsSince(began: number): number {
  return (performance.now() - began) / 1000;
}

/** A communicator of all ranks, which shares no messages with others. */
export class MpiCommunicator implements Communicator {
  readonly handle: number;
  readonly rank: number;
  readonly size: number;
  readonly constants: MpiConstants;
  readonly longest: number;
  readonly #mpi: MpiLibrary;
  readonly #meter: CollectiveMeter;
  /** What is to run on another thread, in the order of the calls; the first runs. */
  readonly #waiting: Task[] = [];
  /** The task whose call was started last, and which of its calls that was. */
  #current: Task | undefined;
  #place = 0;
  #isRunning = false;

  /**
   * Copies `MPI_COMM_WORLD`; all ranks do so together.
   *
   * @param meter takes what its calls cost
   */
  constructor(mpi: MpiLibrary, longest: number, meter: CollectiveMeter) {
    this.#mpi = mpi;
    this.#meter = meter;
    this.constants = mpi.constants;
    this.longest = longest;
    const word = outWord();
    callMpi(mpi, "MPI_Comm_dup", mpi.constants.world, addressOf(word));
    this.handle = mpi.handleIn(word);
    callMpi(mpi, "MPI_Comm_set_errhandler", this.handle, mpi.constants.errorsReturn);
    this.rank = askMpi(mpi, "MPI_Comm_rank", this.handle);
    this.size = askMpi(mpi, "MPI_Comm_size", this.handle);
  }

  /**
   * Runs calls on this thread.
   *
   * @param what is done, such as `all-reduce 8 float32 by sum`
   * @param bytes of this process's data
   * @throws {GenviewError} if one fails
   */
  runNow(what: string, calls: readonly MpiCall[], bytes: number): void {
    const began = performance.now();
    for (const { name, given } of calls) this.#check(what, name, this.#mpi.call(name, ...given));
    this.#meter.add(secondsSince(began), { bytes });
  }

  /**
   * Runs calls on another thread, after all that were asked for before: MPI allows one collective at a time. The next is on
   * its way when the promise resolves, so that what is done then delays none.
   *
   * @param what is done
   * @param bytes of this process's data
   * @param owners of the memory that is read and written
   * @throws {GenviewError} if one fails
   */
  runAside(
    what: string,
    calls: readonly MpiCall[],
    bytes: number,
    owners: readonly unknown[] = [],
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ what, calls, bytes, owners, resolve, reject });
    if (!this.#isRunning) this.#runWaiting();
    return promise;
  }

  async #runWaiting(): Promise<void> {
    this.#isRunning = true;
    let started = this.#startNext();
    while (started !== undefined) {
      const { task, name, pending, began, isLast } = started;
      const code = await pending;
      this.#meter.add(secondsSince(began), isLast ? task : undefined);
      // The further calls of a task that has failed are not made; other tasks are.
      if (code !== 0 || isLast) this.#waiting.shift();
      started = this.#startNext();
      try {
        this.#check(task.what, name, code);
        if (isLast) task.resolve();
      } catch (error) {
        task.reject(error);
      }
    }
    this.#isRunning = false;
  }

  /** Starts the next call of the first task that waits. */
  #startNext(): Started | undefined {
    const [task] = this.#waiting;
    if (task === undefined) return undefined;
    const place = this.#place = task === this.#current ? this.#place + 1 : 0;
    this.#current = task;
    const { name, given } = task.calls[place]!;
    const began = performance.now();
    const pending = this.#mpi.callAside(name, ...given);
    return { task, name, pending, began, isLast: place === task.calls.length - 1 };
  }

  /** Frees the communicator, for which nothing may be in flight. */
  free(): void {
    const word = outWord();
    word[0] = BigInt.asUintN(64, BigInt(this.handle));
    callMpi(this.#mpi, "MPI_Comm_free", addressOf(word));
  }

  #check(what: string, name: MpiFunction, code: number): void {
    if (code === 0) return;
    throw new GenviewError(
      `Cannot ${what} on rank ${this.rank} of ${this.size}: ${name} must succeed, found ` +
        `${
          errorText(this.#mpi, code)
        }; all ranks must call the same with as many elements of the ` +
        "same type",
    );
  }
}
