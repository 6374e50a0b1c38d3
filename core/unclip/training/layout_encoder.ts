/**
 * An image encoder whose embedding keeps the layout of images, from a run of pretraining.
 *
 * @module
 */
import { join } from "node:path";
import type { Dataset } from "../../data/dataset.ts";
import { checkFreeClipFolder } from "../../encoders/clip_folder.ts";
import {
  type ExportedImageEncoder,
  type ExportImageEncoderOptions,
  exportTower,
  openTrainedTower,
} from "../../encoders/export_image_encoder.ts";
import { CPU } from "../../engine/ort/mod.ts";
import { FolderLock } from "../../files/folder_lock.ts";
import type { StageEvent } from "./stage_event.ts";
import { type LayoutTraining, trainLayout } from "./train_layout.ts";

/** How an image encoder is made that keeps layouts. */
export interface LayoutEncoderOptions extends ExportImageEncoderOptions {
  /** How it learns layouts. */
  readonly training: LayoutTraining;
  /** Images whose layouts it learns: those of the data set, in the same order (default the data set itself). */
  readonly layouts?: Dataset;
  /** Replicas of it that take each step together on the cores of a CPU (default 1). */
  readonly replicas?: number;
  /** Minutes between checkpoints (default 5); 0 saves one after each step. */
  readonly checkpointMinutes?: number;
  /** Takes what happens in training. */
  readonly report?: (event: StageEvent) => void;
}

/**
 * Has the backbone of a run learn layouts, as {@linkcode trainLayout} says, and writes it as `exportImageEncoder` does. Logs and
 * checkpoints lie in the folder `layout` beside what is written: stopped or killed, the same call goes on there.
 *
 * @param run folder of the run, or of one of its checkpoints, whose backbone is a vision transformer of CLIP's shape
 * @param folder where `image_encoder` and `feature_extractor` are made
 * @returns undefined if it was stopped
 * @throws {GenviewAlreadyExists} if an image encoder is there already, or another process trains there
 * @throws what `trainLayout` and `exportImageEncoder` throw
 */
export async function makeLayoutEncoder(
  run: string,
  folder: string,
  options: LayoutEncoderOptions,
): Promise<ExportedImageEncoder | undefined> {
  const { dataset, layouts = dataset, training, replicas, checkpointMinutes = 5 } = options;
  const { device = CPU, threads, signal, report, unreadable = new Map() } = options;
  await checkFreeClipFolder(folder);
  const tower = await openTrainedTower(run, options);
  using _lock = await FolderLock.acquire(folder);
  try {
    const trained = await trainLayout(join(folder, "layout"), tower, {
      ...{ dataset, layouts, training, checkpointMinutes, unreadable },
      placement: { device, ...(threads !== undefined && { threads }) },
      ...(replicas !== undefined && { replicas }),
      ...(signal && { signal }),
      ...(report && { report }),
    });
    return trained && await exportTower(trained, folder, { ...options, unreadable });
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return undefined;
    throw error;
  }
}
