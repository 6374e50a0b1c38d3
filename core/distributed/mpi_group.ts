/**
 * A group of processes that MPI carries.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../errors/mod.ts";
import { elementCount } from "../engine/graph/shape.ts";
import { formatType } from "../engine/graph/tensor.ts";
import { DeviceTensor } from "../engine/ort/mod.ts";
import {
  arrayLike,
  checkReducible,
  checkTarget,
  type CollectiveArray,
  type CollectiveMemory,
  divide,
  memoryOf,
  type Reduction,
} from "./collective_data.ts";
import { CollectiveMeter, type CollectiveStatistics } from "./collective_meter.ts";
import { lend } from "./lent_data.ts";
import { MpiBlocking } from "./mpi_blocking.ts";
import {
  allGatherCalls,
  allReduceCalls,
  barrierCalls,
  broadcastCalls,
  pieces,
} from "./mpi_collectives.ts";
import { callMpi, MpiCommunicator } from "./mpi_communicator.ts";
import type { MpiLibrary } from "./mpi_library.ts";
import type { BlockingCollectives, ProcessGroup } from "./process_group.ts";

/** Elements of a mean that are sent together. */
const AVERAGED_TOGETHER = 2 ** 21;

/** What a launcher has to pass on a message before the process that wrote it ends. */
const FORWARDING_MILLISECONDS = 250;

/** Where a process is among those of its machine. */
export interface LocalPlace {
  readonly localRank: number;
  readonly localSize: number;
}

function bytesOf({ length, width }: CollectiveMemory): number {
  return length * width;
}

/** All processes of a launcher, once MPI is initialised. */
export class MpiGroup implements ProcessGroup {
  readonly rank: number;
  readonly size: number;
  readonly localRank: number;
  readonly localSize: number;
  readonly library: string;
  readonly blocking: BlockingCollectives;
  readonly #mpi: MpiLibrary;
  readonly #awaited: MpiCommunicator;
  readonly #blocked: MpiCommunicator;
  readonly #takesCuda: boolean;
  readonly #meter = new CollectiveMeter();
  /** Not every launcher notices that a process has left early, for which the others would wait for ever. */
  readonly #onExit = (): void => {
    if (Deno.exitCode !== 0) this.#end(Deno.exitCode);
    this.abort("Cannot go on: all ranks must finalise their group, found this one at its end");
  };

  constructor(mpi: MpiLibrary, { localRank, localSize }: LocalPlace, longest: number) {
    this.#mpi = mpi;
    this.#awaited = new MpiCommunicator(mpi, longest, this.#meter);
    this.#blocked = new MpiCommunicator(mpi, longest, this.#meter);
    this.#takesCuda = mpi.takesCudaMemory();
    this.rank = this.#awaited.rank;
    this.size = this.#awaited.size;
    this.localRank = localRank;
    this.localSize = localSize;
    this.library = mpi.version;
    this.blocking = new MpiBlocking(this.#blocked);
    addEventListener("unload", this.#onExit);
  }

  get statistics(): CollectiveStatistics {
    return this.#meter.read();
  }

  async allReduce(data: CollectiveArray | DeviceTensor, reduction: Reduction): Promise<void> {
    // A sum on a device is not divided there: its mean takes the way through the host.
    const takesCuda = this.#takesCuda && reduction !== "mean";
    await lend(data, { access: "change", takesCuda }, async (memory, elements) => {
      checkReducible(`all-reduce ${memory.length} ${memory.element}`, memory.element, reduction);
      if (reduction === "mean") await this.#average(elements!);
      else await this.#reduce(memory, reduction);
    });
  }

  async #reduce(memory: CollectiveMemory, reduction: Reduction): Promise<void> {
    const what = `all-reduce ${memory.length} ${memory.element} by ${reduction}`;
    const calls = allReduceCalls(this.#awaited, memory, reduction);
    await this.#awaited.runAside(what, calls, bytesOf(memory), [memory.owner]);
  }

  /** Averages in parts: while one is on its way, the one before is divided. */
  async #average(data: CollectiveArray): Promise<void> {
    await Promise.all(
      pieces(data.length, AVERAGED_TOGETHER).map(async ([start, length]) => {
        const part = data.subarray(start, start + length) as CollectiveArray;
        await this.#reduce(memoryOf(part), "mean");
        divide(part, this.size);
      }),
    );
  }

  allGather<T extends CollectiveArray>(data: T, target?: T): Promise<T>;
  allGather(data: DeviceTensor, target: DeviceTensor): Promise<DeviceTensor>;
  async allGather(
    data: CollectiveArray | DeviceTensor,
    given?: CollectiveArray | DeviceTensor,
  ): Promise<CollectiveArray | DeviceTensor> {
    const target = given ?? this.#room(data);
    const { size, longest } = this.#awaited;
    const length = data instanceof DeviceTensor ? elementCount(data.type.shape) : data.length;
    // What is gathered in pieces is first copied to its place, which is done on the host.
    const takesCuda = this.#takesCuda && length * size <= longest;
    await lend(
      data,
      { access: "read", takesCuda },
      (from, own) =>
        lend(target, { access: "write", takesCuda }, async (to, elements) => {
          const what = `all-gather ${length} ${from.element}`;
          checkTarget(what, from, to, length * size);
          if (to.length > longest) elements!.set(own as never, this.rank * length);
          const calls = allGatherCalls(this.#awaited, from, to);
          await this.#awaited.runAside(what, calls, bytesOf(from), [from.owner, to.owner]);
        }),
    );
    return target;
  }

  #room(data: CollectiveArray | DeviceTensor): CollectiveArray {
    if (!(data instanceof DeviceTensor)) return arrayLike(data, data.length * this.size);
    throw new GenviewTypeError(
      `Cannot all-gather a ${formatType(data.type)}: a tensor must be given that takes the result`,
    );
  }

  async broadcast(data: CollectiveArray | DeviceTensor, root = 0): Promise<void> {
    if (!Number.isInteger(root) || root < 0 || root >= this.size) {
      throw new GenviewRangeError(
        `Cannot broadcast: the root must be a rank from 0 to ${this.size - 1}, found ${root}`,
      );
    }
    const access = this.rank === root ? "read" : "write";
    await lend(data, { access, takesCuda: this.#takesCuda }, async (memory) => {
      const what = `broadcast ${memory.length} ${memory.element} from rank ${root}`;
      const calls = broadcastCalls(this.#awaited, memory, root);
      await this.#awaited.runAside(what, calls, bytesOf(memory), [memory.owner]);
    });
  }

  async barrier(): Promise<void> {
    await this.#awaited.runAside("wait for all ranks", barrierCalls(this.#awaited), 0);
  }

  async allGatherBytes(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>[]> {
    const lengths = [...await this.allGather(Float64Array.of(bytes.length))];
    const longest = Math.max(...lengths);
    const padded = new Uint8Array(new ArrayBuffer(longest));
    padded.set(bytes);
    const all = await this.allGather(padded);
    return lengths.map((length, rank) => all.slice(rank * longest, rank * longest + length));
  }

  async allGatherValues<T>(value: T): Promise<T[]> {
    const text: string | undefined = JSON.stringify(value);
    if (text === undefined) {
      throw new GenviewTypeError(
        `Cannot gather values: JSON must be able to write them, found ${typeof value}`,
      );
    }
    const all = await this.allGatherBytes(new TextEncoder().encode(text));
    const decoder = new TextDecoder();
    return all.map((bytes) => JSON.parse(decoder.decode(bytes)));
  }

  abort(message: string, code = 1): never {
    Deno.stderr.writeSync(
      new TextEncoder().encode(`rank ${this.rank} of ${this.size}: ${message.trimEnd()}\n`),
    );
    // The launcher reads it before MPI's own words about the end of the processes.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FORWARDING_MILLISECONDS);
    this.#end(code);
  }

  #end(code: number): never {
    removeEventListener("unload", this.#onExit);
    this.#mpi.call("MPI_Abort", this.#mpi.constants.world, code);
    Deno.exit(code);
  }

  async finalize(): Promise<void> {
    // Waits on another thread, so that what else runs in this process goes on.
    await this.barrier();
    removeEventListener("unload", this.#onExit);
    this.#awaited.free();
    this.#blocked.free();
    callMpi(this.#mpi, "MPI_Finalize");
  }
}
