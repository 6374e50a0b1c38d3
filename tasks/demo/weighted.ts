/**
 * The demo's second run: SimSiam again, with pairs weighted by what the first run's backbone sees in them.
 *
 * @module
 */
import { counted } from "../../core/schema/counted.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Dataset } from "../../core/data/mod.ts";
import type { Configuration } from "../../core/method/configuration.ts";
import type { TrainableMethod } from "../../core/method/load.ts";
import { pairsSection, type Section } from "../../core/report/mod.ts";
import { train } from "../../core/train/run/train.ts";
import type { TrainOptions } from "../../core/train/run/train_options.ts";
import { configuredPairEncoder } from "../../core/train/run/pair_encoder.ts";
import { TrainDisplay } from "../cli/train_display.ts";

/** Pairs that are drawn. */
const SHOWN = 6;

/** Options of the second run. */
export interface WeightedRun {
  readonly method: TrainableMethod;
  /** That of the first run, from which the second differs in length and weights. */
  readonly configuration: Configuration;
  readonly dataset: Dataset;
  /** Folder of the first run. */
  readonly encoder: string;
  /** File of the principal component of its tokens. */
  readonly component: string;
  /** Height and width at which it judges views. */
  readonly imageSize: number;
  readonly epochs: number;
  /** Folder of the second run. */
  readonly output: string;
  readonly signal: AbortSignal;
  readonly evaluate: TrainOptions["evaluate"];
}

/** Trains the second run, or what is left of it; its section of the report. Undefined if it was interrupted. */
export async function trainWeighted(run: WeightedRun): Promise<Section | undefined> {
  const { method, dataset, output, signal, evaluate } = run;
  const configuration: Configuration = {
    ...run.configuration,
    epochs: run.epochs,
    evaluateEvery: run.epochs,
    qualityEncoder: run.encoder,
    qualityComponent: run.component,
    qualityImageSize: run.imageSize,
    vis: SHOWN,
  };
  const pairEncoder = await configuredPairEncoder(configuration);
  using display = new TrainDisplay();
  const result = await train({
    method,
    configuration,
    dataset,
    output,
    signal,
    report: (event) => display.show(event),
    ...(evaluate && { evaluate }),
    ...(pairEncoder && { pairEncoder }),
    ...(existsSync(join(output, "configuration.json")) && { resume: "latest" }),
  });
  if (!result.finished) return undefined;
  const all = run.configuration.epochs;
  const length = counted(run.epochs, "epoch");
  return await pairsSection(
    output,
    "A second run starts anew, weighted by the first run's backbone. " +
      (run.epochs === all
        ? "Both runs have the same length, so that their numbers may be compared."
        : `It has ${length}, to show the weights; with --weighted-epochs ${all} its numbers may be compared with the ` +
          "first run's."),
  );
}
