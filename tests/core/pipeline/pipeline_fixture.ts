/**
 * Photos, a network that finds the foreground and a generator, all of them small, for tests of the pipeline.
 *
 * @module
 */
import { join } from "node:path";
import { backbone } from "../../../core/backbones/mod.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import type { PipelineOptions } from "../../../core/pipeline/mod.ts";
import { writeSafetensors } from "../../../core/weights/safetensors.ts";
import { inFolder } from "../../in_folder.ts";
import { drawPictures } from "../../tasks/square_pictures.ts";
import { readPipelineGolden, writePipeline } from "../unclip/pipeline_golden.ts";

/** Where a fixture's parts lie. */
export interface PipelineFixture {
  /** A folder that is removed afterwards. */
  readonly folder: string;
  /** Six photos of two classes. */
  readonly data: string;
  /** A folder that is not there yet. */
  readonly output: string;
  /** File of a vision transformer of random weights for 64 pixels. */
  readonly model: string;
  /** Folder of a small Stable unCLIP. */
  readonly generator: string;
}

/** Runs with a fixture. */
export async function withPipelineFixture(
  test: (fixture: PipelineFixture) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const [data, model, generator] = ["photos", "tokens.safetensors", "generator"].map((name) =>
      join(folder, name)
    ) as [string, string, string];
    await drawPictures(data);
    const scope = new Scope();
    backbone("vit_tiny_patch16_224").apply(scope, input("images", "float32", [1, 3, 64, 64]));
    await writeSafetensors(model, scope.initialize(0));
    await writePipeline(generator, await readPipelineGolden());
    await test({ folder, data, output: join(folder, "out"), model, generator });
  });
}

/** Options that all runs share: two steps of the generator, three steps of training. */
export function smallOptions(
  { data, output, model, generator }: PipelineFixture,
): PipelineOptions {
  return {
    ...{ data, output, model, generator, device: "cpu", threads: 1, estimate: false },
    numInferenceSteps: 1,
    // Of six images, which are two batches of three.
    generationBatchSize: 4,
    scale: 1,
    scheduler: "ddim",
    configuration: {
      ...{ epochs: 1, batchSize: 2, backbone: "resnet18", stem: "imagenet", imageSize: 32 },
      options: { projectorWidth: 16, predictorWidth: 8 },
    },
  };
}
