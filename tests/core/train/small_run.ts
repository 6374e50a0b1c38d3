/**
 * A run of a few steps of SimSiam on noise, and how to stop it.
 *
 * @module
 */
import type { Dataset } from "../../../core/data/dataset.ts";
import { datasetOf } from "../../../core/data/mod.ts";
import { RandomStream } from "../../../core/engine/random/random_stream.ts";
import { checkMethod } from "../../../core/method/load.ts";
import {
  type PartialConfiguration,
  resolveConfiguration,
} from "../../../core/method/resolve_configuration.ts";
import type { TrainEvent } from "../../../core/train/run/train_event.ts";
import type { TrainOptions } from "../../../core/train/run/train_options.ts";
import simsiam from "../../../plugins/simsiam/mod.ts";

/** Height and width of a view. */
export const SIZE = 32;

/** Coloured noise: enough to train on, and no file is read. */
export function noise(length: number): Dataset {
  return datasetOf("noise", length, (index) => ({
    key: `noise ${index}`,
    source: {
      kind: "rendered" as const,
      name: `noise ${index}`,
      render: (epoch: number) => {
        const random = new RandomStream(0, "noise", index, epoch);
        const data = Uint8Array.from({ length: SIZE * SIZE * 3 }, () => random.integer(256));
        return Promise.resolve({ width: SIZE, height: SIZE, data });
      },
    },
  }));
}

/** What a run is, in a folder: four epochs of three steps of eight samples. */
export function options(output: string, changes: PartialConfiguration = {}): TrainOptions {
  return {
    method: checkMethod(simsiam, "simsiam"),
    configuration: resolveConfiguration({
      backbone: "clip_vit_tiny_patch8_64",
      stem: "imagenet",
      imageSize: SIZE,
      views: "small",
      epochs: 4,
      batchSize: 8,
      device: "cpu",
      threads: 2,
      loaders: 1,
      schedulePer: "iteration",
      parameterRules: [{ pattern: "predictor", fixedLearningRate: true }],
      options: { projectorWidth: 32, projectorLayers: 2, predictorWidth: 16 },
      ...changes,
    }),
    dataset: noise(24),
    output,
  };
}

/** Aborts once a number of steps has been taken. */
export function stopAfter(steps: number): Pick<TrainOptions, "signal" | "report"> {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    report: (event: TrainEvent) => {
      if (event.kind === "step" && event.step === steps) controller.abort();
    },
  };
}
