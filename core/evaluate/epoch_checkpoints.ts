/**
 * Checkpoints of a training that takes hours, after each of its epochs: a training that was killed at any point goes on
 * from the last of them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { ProcessGroup } from "../distributed/mod.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import type { StepValues } from "../engine/step/mod.ts";
import type { DeviceTensor } from "../engine/ort/mod.ts";
import { deviceSources, saveCheckpoint } from "../weights/checkpoint/checkpoint.ts";
import { loadNewestCheckpoint, setAside } from "../weights/checkpoint/newest.ts";

/** What a training is, as plain data; it goes on only from checkpoints of the same. */
export type TrainingIdentity = Readonly<Record<string, unknown>>;

/** A short name of a training, the same for the same identity. */
export function identityDigest(identity: TrainingIdentity): string {
  return createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 8);
}

/** How {@linkcode EpochCheckpoints} are kept. */
export interface EpochCheckpointsOptions {
  /** Folder of the checkpoints. */
  readonly folder: string;
  /** What is trained, such as `linear` or `fine-tuning`. */
  readonly method: string;
  /** What determines the training. */
  readonly identity: TrainingIdentity;
  /** Configuration of the run whose network it is, so that the checkpoint opens as one of it. */
  readonly configuration: object;
  /** Ranks that train together: all go on from a checkpoint, and the first saves it. */
  readonly group?: ProcessGroup | undefined;
}

/** Where a training stands after an epoch. */
export interface EpochProgress extends StepValues {
  /** Epochs that are done. */
  readonly epoch: number;
  /** Mean loss of each of them. */
  readonly losses: readonly number[];
}

/** Name in a checkpoint's configuration of what the training is and of its losses. */
const TRAINING = "classifierTraining";

interface StoredTraining {
  readonly identity: TrainingIdentity;
  readonly losses: readonly number[];
}

/** The checkpoints of one training, of which the newest is kept. */
export class EpochCheckpoints {
  readonly #options: EpochCheckpointsOptions;

  /**
   * Nothing is read or written yet.
   *
   * @param options where they are kept, and of what they are
   */
  constructor(options: EpochCheckpointsOptions) {
    this.#options = options;
  }

  /**
   * The newest checkpoint that is whole; undefined before the first.
   *
   * @throws {TypeError} if it is of another training, or ranks find different ones
   */
  async newest(): Promise<EpochProgress | undefined> {
    const { group, folder } = this.#options;
    if (group === undefined) return await this.#find();
    // The first sets aside what is damaged, before the others look.
    const own = group.rank === 0 ? await this.#find() : undefined;
    await group.barrier();
    const found = own ?? await this.#find();
    const epochs = await group.allGatherValues(found?.epoch ?? 0);
    const other = epochs.findIndex((epoch) => epoch !== epochs[0]);
    if (other < 0) return found;
    throw new GenviewTypeError(
      `Cannot go on from ${folder}: all processes must see its newest checkpoint, found epoch ${
        epochs[0]
      } by rank 0 and ${epochs[other]} by rank ${other}; use a file system that all machines share`,
    );
  }

  async #find(): Promise<EpochProgress | undefined> {
    const { folder, identity } = this.#options;
    const found = await loadNewestCheckpoint(folder);
    if (found === undefined) return undefined;
    for (const damaged of found.passedOver) await setAside(damaged);
    const { state, model, optimizer } = found.checkpoint;
    const { [TRAINING]: training } = state.configuration as { [TRAINING]?: StoredTraining };
    if (training === undefined || identityDigest(training.identity) !== identityDigest(identity)) {
      throw new GenviewTypeError(
        `Cannot go on from ${found.path}: it must be a checkpoint of the same training, found another; remove it`,
      );
    }
    return { epoch: state.epoch, losses: training.losses, state: model, slots: optimizer };
  }

  /** Saves a checkpoint after an epoch, and removes the one before. */
  async save(
    { epoch, losses, step, samples }: {
      readonly epoch: number;
      readonly losses: readonly number[];
      readonly step: number;
      readonly samples: number;
    },
    { state, slots }: {
      readonly state: ReadonlyMap<string, DeviceTensor>;
      readonly slots: ReadonlyMap<string, DeviceTensor>;
    },
  ): Promise<void> {
    const { folder, method, identity, configuration, group } = this.#options;
    if (group !== undefined && group.rank > 0) return;
    const training: StoredTraining = { identity, losses };
    await saveCheckpoint(folder, {
      state: {
        version: 1,
        method,
        step,
        epoch,
        samples,
        configuration: { ...configuration, [TRAINING]: training },
      },
      model: deviceSources(state),
      optimizer: deviceSources(slots),
    }, 1);
  }
}
