/**
 * Processes that compute together.
 *
 * @module
 */
import type { DeviceTensor } from "../engine/ort/mod.ts";
import type { CollectiveStatistics } from "./collective_meter.ts";
import type { CollectiveArray, Reduction } from "./collective_data.ts";

/**
 * Collectives that return when they are done, and block the thread meanwhile: for kernels that run inside a call and
 * cannot wait. Their messages never mix with those of the awaited ones of their group. But an awaited one may take several
 * messages, of which the next is sent by the thread that is blocked: await it before on all ranks, or on none.
 */
export interface BlockingCollectives {
  /** This process's number, in [0, size). */
  readonly rank: number;
  /** How many processes there are. */
  readonly size: number;

  /**
   * Reduces in place: afterwards every rank has the sum, mean or maximum over the ranks, element by element. A maximum of
   * what is not a number somewhere is undefined, and may be another one on each rank.
   *
   * @param data of the same length on all ranks
   * @throws {TypeError} if the elements are of half precision, or whole numbers to be averaged
   * @throws {GenviewError} if MPI fails
   */
  allReduce(data: CollectiveArray, reduction: Reduction): void;

  /**
   * Gathers the data of all ranks, in their order.
   *
   * @param data of the same length on all ranks
   * @param target of `size` times the length; a new array if it is left out
   * @returns the target
   * @throws {TypeError} if the target is of another element type
   * @throws {RangeError} if the target is of another length, or overlaps the data
   * @throws {GenviewError} if MPI fails
   */
  allGather<T extends CollectiveArray>(data: T, target?: T): T;

  /**
   * Reduces data of as many equal parts as there are ranks; rank i gets the i-th part of the result.
   *
   * @param data of the same length on all ranks, a multiple of `size`
   * @param target of the length of a part; a new array if it is left out
   * @returns the target
   * @throws {TypeError} if the elements are of half precision, whole numbers to be averaged, or not the target's
   * @throws {RangeError} if the data have no equal parts, or the target is of another length or overlaps them
   * @throws {GenviewError} if MPI fails
   */
  reduceScatter<T extends CollectiveArray>(data: T, reduction: Reduction, target?: T): T;
}

/**
 * The processes that a launcher has started together. Every rank must call the same collectives in the same order. They
 * wait on another thread, one after another in the order of the calls, and need not be awaited before the next is called.
 */
export interface ProcessGroup {
  /** This process's number, in [0, size). */
  readonly rank: number;
  /** How many processes there are. */
  readonly size: number;
  /** This process's number among those of its machine, in [0, localSize). */
  readonly localRank: number;
  /** How many of the processes are on this machine. */
  readonly localSize: number;
  /** What carries the messages, such as `Open MPI v4.1.4`. */
  readonly library: string;
  /** Collectives for kernels that run inside a call. */
  readonly blocking: BlockingCollectives;
  /** What collectives have cost this process since it joined, blocking ones among them; a step's cost is the difference. */
  readonly statistics: CollectiveStatistics;

  /**
   * Reduces in place: afterwards every rank has the sum, mean or maximum over the ranks, element by element. A mean is a
   * sum that this thread divides, part by part while the next is on its way. A maximum of what is not a number somewhere is
   * undefined, and may be another one on each rank.
   *
   * @param data of the same length on all ranks; leave it alone until the promise resolves
   * @throws {TypeError} if the elements are of half precision, or whole numbers to be averaged
   * @throws {GenviewError} if MPI fails
   */
  allReduce(data: CollectiveArray | DeviceTensor, reduction: Reduction): Promise<void>;

  /**
   * Gathers the data of all ranks, in their order.
   *
   * @param data of the same length on all ranks
   * @param target of `size` times the length; a new array if it is left out
   * @returns the target
   * @throws {TypeError} if the target is of another element type
   * @throws {RangeError} if the target is of another length, or overlaps the data
   * @throws {GenviewError} if MPI fails
   */
  allGather<T extends CollectiveArray>(data: T, target?: T): Promise<T>;

  /**
   * Gathers the elements of all ranks' tensors, in their order, into a tensor.
   *
   * @param data of the same number of elements on all ranks
   * @param target of `size` times the elements, of the same element type
   * @returns the target
   * @throws {TypeError} if the target is of another element type
   * @throws {RangeError} if the target is of another length, or overlaps the data
   * @throws {GenviewError} if MPI fails
   */
  allGather(data: DeviceTensor, target: DeviceTensor): Promise<DeviceTensor>;

  /**
   * Overwrites the data of all ranks by those of one.
   *
   * @param data of the same length on all ranks
   * @param root the rank whose data it is, 0 if left out
   * @throws {RangeError} if there is no such rank
   * @throws {GenviewError} if MPI fails
   */
  broadcast(data: CollectiveArray | DeviceTensor, root?: number): Promise<void>;

  /**
   * Waits until all ranks are here.
   *
   * @throws {GenviewError} if MPI fails
   */
  barrier(): Promise<void>;

  /**
   * Gathers bytes of lengths that may differ, in the order of the ranks. Meant for what is small: every rank has room for
   * `size` times the longest.
   *
   * @throws {GenviewError} if MPI fails
   */
  allGatherBytes(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>[]>;

  /**
   * Gathers values that JSON can write, in the order of the ranks.
   *
   * @throws {TypeError} if it cannot write this one
   * @throws {GenviewError} if MPI fails
   */
  allGatherValues<T>(value: T): Promise<T[]>;

  /**
   * Ends all processes at once, for an error that the others do not know of: writes the message to standard error, with
   * this rank before it, and has MPI end all ranks.
   *
   * @param code of the exit, in [1, 255]; 1 if left out
   */
  abort(message: string, code?: number): never;

  /**
   * Leaves the group, once all ranks do so. A process that ends without it ends all others. Call it where the work has
   * succeeded and never on the way of an error, on which the others would wait for ever: {@linkcode inProcessGroup} does
   * both right.
   *
   * @throws {GenviewError} if MPI fails
   */
  finalize(): Promise<void>;
}
