/**
 * The image encoder of a generator as its training's first stage: exported from a run of pretraining.
 *
 * @module
 */
import { join } from "node:path";
import type { Dataset } from "../../data/dataset.ts";
import { exportImageEncoder } from "../../encoders/export_image_encoder.ts";
import type { Placement } from "../../engine/ort/mod.ts";
import { ifThere } from "../../files/if_there.ts";
import { writeNewFolder } from "../../files/new_folder.ts";
import { loadNewestCheckpoint } from "../../weights/checkpoint/newest.ts";
import type { ExportedEmbedding } from "./generator_configuration.ts";
import type { StageEvent } from "./stage_event.ts";

/** Where a run keeps the image encoder that it has exported: a folder with `image_encoder` and `feature_extractor`. */
export function exportedEncoderFolder(output: string): string {
  return join(output, "image_encoder");
}

/**
 * The checkpoint of pretraining that a folder stands for: of a run the newest whole one, of a checkpoint itself; undefined of
 * other folders.
 *
 * @throws {GenviewError} if all checkpoints of the run are damaged
 */
export async function checkpointOf(folder: string): Promise<string | undefined> {
  if (await ifThere(Deno.stat(join(folder, "state.json"))) !== undefined) return folder;
  return (await loadNewestCheckpoint(join(folder, "checkpoints")))?.path;
}

/** What an image encoder is exported from, and where to. */
export interface ExportedEncoderOptions {
  /** Folder of a checkpoint of pretraining. */
  readonly checkpoint: string;
  /** Folder of the generator's run. */
  readonly output: string;
  /** Images by whose features the projection is found. */
  readonly dataset: Dataset;
  /** Height and width of its images, in pixels. */
  readonly imageSize: number;
  /** The embedding. */
  readonly projection: ExportedEmbedding;
  /** Where it runs. */
  readonly placement: Placement;
  /** Images that are known to be unreadable: why, by their source's name; those that are met are added. */
  readonly unreadable?: Map<string, string>;
  /** Stops between two batches; nothing is left then. */
  readonly signal?: AbortSignal;
  /** Takes what happens. */
  readonly report?: (event: StageEvent) => void;
}

/**
 * Exports the image encoder, unless it is there.
 *
 * @returns the folder that holds `image_encoder` and `feature_extractor`
 * @throws {DOMException} if it is stopped
 * @throws what `exportImageEncoder` throws
 */
export async function exportedEncoder(options: ExportedEncoderOptions): Promise<string> {
  const { checkpoint, output, dataset, imageSize, projection, placement } = options;
  const { unreadable, signal, report } = options;
  const folder = exportedEncoderFolder(output);
  if (await ifThere(Deno.stat(folder)) !== undefined) return folder;
  await writeNewFolder(folder, async (temporary) => {
    await exportImageEncoder(checkpoint, temporary, {
      ...projection,
      ...placement,
      dataset,
      imageSize,
      ...(unreadable && { unreadable }),
      ...(signal && { signal }),
      onWarning: (message) => report?.({ kind: "warning", message }),
      onProgress: (done) =>
        report?.({ kind: "export", done, total: projection.draws * dataset.length }),
    });
  });
  return folder;
}
