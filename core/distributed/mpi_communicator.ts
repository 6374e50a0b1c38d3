/**
 * A communicator of MPI: the ranks, and running collectives among them, on the thread of JavaScript or on another.
 *
 * @module
 */
import { GenviewError } from "../errors/mod.ts";
import { outInt, outWord } from "../engine/ort/c_values.ts";
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

/** A communicator of all ranks, which shares no messages with others. */
export class MpiCommunicator implements Communicator {
  readonly handle: number;
  readonly rank: number;
  readonly size: number;
  readonly constants: MpiConstants;
  readonly longest: number;
  readonly #mpi: MpiLibrary;
  /** What calls on another thread read and write, so that it is not collected. */
  readonly #lent = new Set<unknown>();
  #last: Promise<unknown> = Promise.resolve();

  /** Copies `MPI_COMM_WORLD`; all ranks do so together. */
  constructor(mpi: MpiLibrary, longest: number) {
    this.#mpi = mpi;
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
   * @throws {GenviewError} if one fails
   */
  runNow(what: string, calls: readonly MpiCall[]): void {
    for (const { name, given } of calls) this.#check(what, name, this.#mpi.call(name, ...given));
  }

  /**
   * Runs calls on another thread, after all that were asked for before: MPI allows one collective at a time.
   *
   * @param what is done
   * @param owners of the memory that is read and written
   * @throws {GenviewError} if one fails
   */
  runAside(
    what: string,
    calls: readonly MpiCall[],
    owners: readonly unknown[] = [],
  ): Promise<void> {
    const run = this.#last.then(async () => {
      this.#lent.add(owners);
      try {
        for (const { name, given } of calls) {
          this.#check(what, name, await this.#mpi.callAside(name, ...given));
        }
      } finally {
        this.#lent.delete(owners);
      }
    });
    // Who asked for a call is told of its failure; the next in turn is not stopped by it.
    this.#last = run.catch(() => undefined);
    return run;
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
