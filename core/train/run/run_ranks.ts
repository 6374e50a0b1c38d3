/**
 * The processes that train a run together.
 *
 * @module
 */
import { counted } from "../../schema/counted.ts";
import type { ProcessGroup } from "../../distributed/mod.ts";
import { type Device, formatDevice } from "../../engine/ort/mod.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import type { Configuration } from "../../method/configuration.ts";
import type { CheckpointState } from "../../weights/checkpoint/state.ts";
import { hostName } from "../../files/folder_lock.ts";
import { datasetDigest } from "./dataset_digest.ts";
import type { TrainEvent } from "./train_event.ts";
import type { TrainOptions } from "./train_options.ts";

/** What a process says of itself after each step. */
export interface RankState {
  /** Whether it was told to stop. */
  readonly stops: boolean;
  /** Whether the next checkpoint is due by its clock. */
  readonly isDue: boolean;
  /** Images of the epoch that it could not read. */
  readonly skipped: number;
  /** Seconds of the epoch in which it waited for images. */
  readonly waitSeconds: number;
}

/** What all processes have decided from what each has said. */
export interface AgreedState extends RankState {
  /** Numbers of those that were told to stop. */
  readonly stopping: readonly number[];
}

/** Where a process computes. */
export interface RankPlace {
  /** The machine's name, where the permission to ask is there. */
  readonly host: string;
  /** The device, as in `cuda:0`. */
  readonly device: string;
}

/** The processes of a run, as one of them sees them. A run of one process asks nobody. */
export class RunRanks {
  /** They, if there are several. */
  readonly group: ProcessGroup | undefined;
  /** This process's number. */
  readonly rank: number;
  /** How many they are. */
  readonly size: number;

  constructor(group: ProcessGroup | undefined) {
    this.group = group !== undefined && group.size > 1 ? group : undefined;
    this.rank = this.group?.rank ?? 0;
    this.size = this.group?.size ?? 1;
  }

  /** Whether this process writes the run's folder, evaluates and reports. */
  get leads(): boolean {
    return this.rank === 0;
  }

  /** What the first process makes, which the others wait for; values that JSON can write. */
  async fromLeader<T>(make: () => Promise<T>): Promise<T> {
    const own = this.leads ? await make() : undefined;
    if (this.group === undefined) return own as T;
    const [made] = await this.group.allGatherValues(own ?? null);
    return this.leads ? own as T : made as T;
  }

  /** Decides alike on all processes: what one is told concerns all, and what each has counted adds up. */
  async agree(own: RankState): Promise<AgreedState> {
    const { stops, isDue, skipped, waitSeconds } = own;
    if (this.group === undefined) return { ...own, stopping: stops ? [0] : [] };
    const said = Float64Array.of(Number(stops), Number(isDue), skipped, waitSeconds);
    const all = await this.group.allGather(said);
    const of = (value: number) =>
      Array.from({ length: this.size }, (_, rank) => all[rank * said.length + value]!);
    const stopping = [...of(0).entries()].filter(([, told]) => told > 0).map(([rank]) => rank);
    return {
      stops: stopping.length > 0,
      stopping,
      // Clocks differ: only that of who saves counts.
      isDue: of(1)[0]! > 0,
      skipped: of(2).reduce((sum, count) => sum + count),
      waitSeconds: Math.max(...of(3)),
    };
  }

  /**
   * Checks that all processes would train the same run. What one of them alone does, such as to evaluate, the others would
   * not join in.
   *
   * @throws {TypeError} if one has another method, configuration, data set, evaluation or pair encoder
   */
  async checkSameRun(
    { method, configuration, dataset, evaluate, pairEncoder }: Pick<
      TrainOptions,
      "method" | "configuration" | "dataset" | "evaluate" | "pairEncoder"
    >,
  ): Promise<void> {
    if (this.group === undefined) return;
    const { device: _device, threads: _threads, loaders: _loaders, ...alike } = configuration;
    const presence = (part: unknown) => part === undefined ? "not there" : "there";
    const facts: Readonly<Record<string, unknown>> = {
      method: `${method.manifest.name} ${method.manifest.version}`,
      samples: dataset.length,
      ...alike,
      "the digest of the images' names and labels": datasetDigest(dataset),
      "the number of images with variations": dataset.coverage?.matched,
      "an evaluation": presence(evaluate),
      "a pair encoder": presence(pairEncoder),
    };
    const all = await this.group.allGatherValues(facts);
    const text = (value: unknown) => JSON.stringify(value) ?? "nothing";
    for (const [rank, others] of all.entries()) {
      const names = [...new Set([...Object.keys(all[0]!), ...Object.keys(others)])];
      const name = names.find((each) => text(others[each]) !== text(all[0]![each]));
      if (name === undefined) continue;
      throw new GenviewTypeError(
        `Cannot train on ${this.size} processes: all must be started alike, found that ${name} is ` +
          `${text(all[0]![name])} on rank 0 and ${text(others[name])} on rank ${rank}`,
      );
    }
  }

  /** Where each process computes, by rank. */
  async places(device: Device): Promise<readonly RankPlace[]> {
    const own = { host: hostName(), device: formatDevice(device) };
    return await this.group?.allGatherValues(own) ?? [own];
  }

  /** The mean over all processes of what each has found of its samples, by name; of what is the largest, the maximum. */
  async combined(
    own: Readonly<Record<string, number>>,
    isLargest: (name: string) => boolean,
  ): Promise<Readonly<Record<string, number>>> {
    const names = Object.keys(own);
    if (this.group === undefined || names.length === 0) return own;
    const all = await this.group.allGather(Float64Array.from(names, (name) => own[name]!));
    return Object.fromEntries(names.map((name, i) => {
      const values = Array.from(
        { length: this.size },
        (_, rank) => all[rank * names.length + i]!,
      );
      const mean = values.reduce((sum, value) => sum + value) / this.size;
      return [name, isLargest(name) ? Math.max(...values) : mean];
    }));
  }

  /** What this process reports of what happens: the first one everything, the others their warnings. */
  reporter(report: TrainOptions["report"]): ((event: TrainEvent) => void) | undefined {
    if (this.leads || report === undefined) return report;
    return (event) => {
      if (event.kind !== "warning") return;
      report({ kind: "warning", message: `rank ${this.rank}: ${event.message}` });
    };
  }
}

/** Samples of which a batch norm in training takes its statistics. */
function normalizedTogether(
  { batchSize, deviceBatchSize, syncBatchNorm }: Configuration,
  size: number,
): number {
  const own = batchSize / size;
  const atOnce = deviceBatchSize === 0 ? own : Math.min(deviceBatchSize, own);
  return syncBatchNorm ? atOnce * size : atOnce;
}

/** What is said of a run that another number of processes has begun. */
export function rankWarnings(
  { group, configuration }: Pick<TrainOptions, "group" | "configuration">,
  before: Pick<CheckpointState, "ranks"> | undefined,
): string[] {
  const [size, begun] = [group?.size ?? 1, before?.ranks ?? 1];
  if (before === undefined || size === begun) return [];
  const { batchSize } = configuration;
  const [now, then] = [size, begun].map((each) => normalizedTogether(configuration, each));
  return [
    `resumed on ${
      counted(size, "process", "processes")
    }, begun on ${begun}: batches are still of ` +
    `${batchSize} images, and the learning rate is as it was` +
    (now === then
      ? ""
      : `; batch norm takes its statistics of ${now} images now, and took them of ${then}`),
  ];
}
