/**
 * A training step that replicas of a network take together in one process.
 *
 * @module
 */
import type { DType } from "../../engine/graph/dtype.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { CPU, DeviceTensor, type Placement } from "../../engine/ort/mod.ts";
import { BoundStep, type StepOutcome } from "../../engine/step/bound_step.ts";
import type { BuiltStep } from "../../engine/step/build_step.ts";
import type { RankGroup } from "../../engine/step/rank_group.ts";
import type { StepValues } from "../../engine/step/step_tensors.ts";
import { GenviewRangeError } from "../../errors/mod.ts";
import { counted } from "../../schema/counted.ts";
import { rowRange } from "../rows.ts";

/** Where a batch is written, by the names of its tensors. */
export interface BatchInputs {
  /** The tensor of the whole batch under a name. */
  input<D extends DType>(name: string, dtype: D): { write(value: Tensor<D>): void };
}

type Numbers = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** What a replica waits with until all the others are there. */
interface Arrival {
  readonly data: Numbers;
  resolve(): void;
  reject(error: unknown): void;
}

/** The sums over replicas: in the order of the replicas, so that they are the same bit for bit in every run. */
class ReplicaSums {
  readonly #size: number;
  #arrived = new Map<number, Arrival>();
  #failed: { readonly error: unknown } | undefined;

  constructor(size: number) {
    this.#size = size;
  }

  /** The group as one replica sees it. */
  group(replica: number): RankGroup {
    return {
      size: this.#size,
      operators: [],
      allReduce: (data, reduction) => this.#reduce(replica, data, reduction),
    };
  }

  /** Ends all that wait for a replica that has failed. */
  fail(error: unknown): void {
    this.#failed ??= { error };
    for (const { reject } of this.#arrived.values()) reject(error);
    this.#arrived.clear();
  }

  #reduce(
    replica: number,
    data: DeviceTensor | Numbers,
    reduction: "sum" | "mean",
  ): Promise<void> {
    const numbers = data instanceof DeviceTensor ? data.data as Numbers : data;
    return new Promise((resolve, reject) => {
      if (this.#failed) return reject(this.#failed.error);
      this.#arrived.set(replica, { data: numbers, resolve, reject });
      if (this.#arrived.size < this.#size) return;
      const all = Array.from({ length: this.#size }, (_, i) => this.#arrived.get(i)!);
      this.#arrived = new Map();
      const [first, ...others] = all.map(({ data }) => data) as [Numbers, ...Numbers[]];
      for (const other of others) {
        for (let i = 0; i < first.length; i++) first[i]! += other[i]!;
      }
      if (reduction === "mean") { for (let i = 0; i < first.length; i++) first[i]! /= this.#size; }
      for (const other of others) other.set(first);
      for (const each of all) each.resolve();
    });
  }
}

/** How replicas share a processor. */
export interface ReplicaOptions {
  /** Where they run; its threads are shared out among them. */
  readonly placement: Placement;
  /** How many there are. */
  readonly replicas: number;
}

/**
 * Checks that replicas can share a batch.
 *
 * @throws {RangeError} if their number is no positive integer that divides the batch, there are more than threads, or there are
 * several on another device than the CPU
 */
export function checkReplicas(
  batchSize: number,
  { placement: { device, threads = 0 }, replicas }: ReplicaOptions,
): void {
  const isWhole = Number.isInteger(replicas) && replicas >= 1 && batchSize % replicas === 0;
  if (!isWhole) {
    throw new GenviewRangeError(
      `Cannot train by replicas: their number must divide the ${batchSize} images of a batch, found ${replicas}`,
    );
  }
  if (threads > 0 && replicas > threads) {
    throw new GenviewRangeError(
      `Cannot train by ${replicas} replicas on ${
        counted(threads, "thread")
      }: each takes one at least; ask for fewer ` +
        "replicas or more threads",
    );
  }
  if (replicas > 1 && device.provider !== "cpu") {
    throw new GenviewRangeError(
      `Cannot train by ${replicas} replicas on ${device.provider}: they share the cores of a CPU; leave them out`,
    );
  }
}

/**
 * A training step on a CPU by replicas that each hold the network, take an equal part of the batch on threads of their own and
 * sum their gradients. Where maps are small, two replicas with a thread each are faster than one with two threads, most of
 * whose time goes into waiting for each other at every node.
 *
 * Source: Li et al. 2020, "PyTorch Distributed: experiences on accelerating data parallel training".
 */
export class ReplicatedStep implements BatchInputs, Disposable {
  readonly #steps: readonly BoundStep[];
  readonly #sums: ReplicaSums;

  private constructor(steps: readonly BoundStep[], sums: ReplicaSums) {
    this.#steps = steps;
    this.#sums = sums;
  }

  /**
   * Loads all replicas.
   *
   * @param step built for as many ranks as there are replicas, on a part of the batch
   * @throws what `BoundStep.create` throws
   */
  static async create(
    step: BuiltStep,
    { placement, replicas }: ReplicaOptions,
    values: StepValues,
  ): Promise<ReplicatedStep> {
    const sums = new ReplicaSums(replicas);
    if (replicas === 1) {
      return new ReplicatedStep([await BoundStep.create(step, placement, values)], sums);
    }
    const threads = Math.max(
      1,
      Math.floor((placement.threads || navigator.hardwareConcurrency) / replicas),
    );
    const loading = await Promise.allSettled(
      Array.from({ length: replicas }, async (_, replica) => {
        try {
          const group = sums.group(replica);
          return await BoundStep.create(step, { device: CPU, threads, group }, values);
        } catch (error) {
          sums.fail(error);
          throw error;
        }
      }),
    );
    const steps = loading.flatMap((each) => each.status === "fulfilled" ? [each.value] : []);
    const failed = loading.find((each) => each.status === "rejected");
    if (failed === undefined) return new ReplicatedStep(steps, sums);
    for (const each of steps) each[Symbol.dispose]();
    throw failed.reason;
  }

  /** Parameters, averages and what stays as it is, by name; the same in all replicas. */
  get state(): BoundStep["state"] {
    return this.#steps[0]!.state;
  }

  /** The optimizer's slots, by name; the same in all replicas. */
  get slots(): BoundStep["slots"] {
    return this.#steps[0]!.slots;
  }

  /** The tensor of the whole batch under a name, of which each replica is given its rows. */
  input<D extends DType>(name: string, dtype: D): { write(value: Tensor<D>): void } {
    const parts = this.#steps.map((step) => step.input(name, dtype));
    return {
      write(value) {
        const rows = value.shape[0]! / parts.length;
        parts.forEach((part, i) => part.write(rowRange(value, i * rows, rows)));
      },
    };
  }

  /**
   * Takes one step on the batch; losses and outputs are means over the whole of it.
   *
   * @throws what `BoundStep.run` throws
   */
  async run(scalars: Readonly<Record<string, number>>): Promise<StepOutcome> {
    const running = await Promise.allSettled(this.#steps.map(async (step) => {
      try {
        return await step.run(scalars);
      } catch (error) {
        this.#sums.fail(error);
        throw error;
      }
    }));
    for (const each of running) if (each.status === "rejected") throw each.reason;
    return (running[0] as PromiseFulfilledResult<StepOutcome>).value;
  }

  /** Releases all replicas. */
  [Symbol.dispose](): void {
    for (const step of this.#steps) step[Symbol.dispose]();
  }
}
