/**
 * Collectives as calls of MPI, cut where a message has more elements than an `int` counts.
 *
 * Each is a list of calls, so that the same list runs on the thread of JavaScript or on another one.
 *
 * @module
 */
import { type CollectiveMemory, memoryPart, type Reduction } from "./collective_data.ts";
import type { MpiArguments, MpiConstants, MpiFunction } from "./mpi_signatures.ts";

/** One call. */
export interface MpiCall<F extends MpiFunction = MpiFunction> {
  readonly name: F;
  readonly given: MpiArguments<F>;
}

/** Where collectives run. */
export interface Communicator {
  /** Its handle. */
  readonly handle: number;
  readonly size: number;
  readonly constants: MpiConstants;
  /** Most elements of a message, 2^31 - 1 unless a test says less. */
  readonly longest: number;
}

function call<F extends MpiFunction>(name: F, ...given: MpiArguments<F>): MpiCall {
  return { name, given } as MpiCall;
}

/** Starts and lengths of the pieces of a message; one if it has no elements. */
export function pieces(
  length: number,
  longest: number,
): (readonly [start: number, length: number])[] {
  const count = Math.max(1, Math.ceil(length / longest));
  return Array.from(
    { length: count },
    (_, i) => [i * longest, Math.min(longest, length - i * longest)],
  );
}

/** The pieces of each rank's part, of parts of one length: where they start in it, and in all parts together. */
function piecesOfRanks(length: number, { size, longest }: Communicator) {
  return Array.from(
    { length: size },
    (_, root) =>
      pieces(length, longest).map(([start, piece]) => ({
        root,
        start,
        piece,
        place: root * length + start,
      })),
  ).flat();
}

/** The operation of MPI. The mean is a sum that is divided afterwards. */
function operation({ reductions }: MpiConstants, reduction: Reduction): number {
  return reduction === "max" ? reductions.max : reductions.sum;
}

/** Waits until all ranks are here. */
export function barrierCalls({ handle }: Communicator): MpiCall[] {
  return [call("MPI_Barrier", handle)];
}

/** Overwrites the memory of all ranks with that of one. */
export function broadcastCalls(
  { handle, constants, longest }: Communicator,
  data: CollectiveMemory,
  root: number,
): MpiCall[] {
  const type = constants.elements[data.element];
  return pieces(data.length, longest).map(([start, length]) =>
    call("MPI_Bcast", memoryPart(data, start, length), length, type, root, handle)
  );
}

/**
 * Bytes of a message that is reduced. A longer one is slower for the same bytes: the sum of 46.8 MB took 20 ms in one message
 * and 12 to 16 in two, by turns on two ranks that share memory (Open MPI 4.1.4, two cores of an EPYC).
 */
const REDUCED_BYTES = 25 << 20;

/** Reduces in place. */
export function allReduceCalls(
  { handle, constants, longest }: Communicator,
  data: CollectiveMemory,
  reduction: Reduction,
): MpiCall[] {
  const type = constants.elements[data.element];
  const by = operation(constants, reduction);
  const most = Math.min(longest, Math.floor(REDUCED_BYTES / data.width));
  return pieces(data.length, most).map(([start, length]) =>
    call(
      "MPI_Allreduce",
      constants.inPlace,
      memoryPart(data, start, length),
      length,
      type,
      by,
      handle,
    )
  );
}

/**
 * Gathers into a target of as many times the elements as there are ranks. The two must not overlap. A target of more
 * elements than the longest message must have this rank's own part already.
 */
export function allGatherCalls(
  communicator: Communicator,
  data: CollectiveMemory,
  target: CollectiveMemory,
): MpiCall[] {
  const { handle, constants, longest } = communicator;
  const { length } = data;
  const type = constants.elements[data.element];
  if (target.length <= longest) {
    return [
      call(
        "MPI_Allgather",
        data.address,
        length,
        type,
        target.address,
        length,
        type,
        handle,
      ),
    ];
  }
  // Every rank's part is sent by that rank, piece by piece.
  return piecesOfRanks(length, communicator).map(({ root, piece, place }) =>
    call("MPI_Bcast", memoryPart(target, place, piece), piece, type, root, handle)
  );
}

/** Reduces data of as many parts as there are ranks, of which each rank gets its own. The two must not overlap. */
export function reduceScatterCalls(
  communicator: Communicator,
  data: CollectiveMemory,
  target: CollectiveMemory,
  reduction: Reduction,
): MpiCall[] {
  const { handle, constants, longest } = communicator;
  const { length } = target;
  const type = constants.elements[data.element];
  const by = operation(constants, reduction);
  if (data.length <= longest) {
    return [
      call(
        "MPI_Reduce_scatter_block",
        data.address,
        target.address,
        length,
        type,
        by,
        handle,
      ),
    ];
  }
  return piecesOfRanks(length, communicator).map(({ root, start, piece, place }) =>
    call(
      "MPI_Reduce",
      memoryPart(data, place, piece),
      memoryPart(target, start, piece),
      piece,
      type,
      by,
      root,
      handle,
    )
  );
}
