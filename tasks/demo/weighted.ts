/**
 * The demo's second run: SimSiam again, with pairs weighed by what the first run's backbone sees in them.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Dataset } from "../../core/data/mod.ts";
import type { Configuration } from "../../core/method/configuration.ts";
import type { LoadedMethod } from "../../core/method/load.ts";
import type { Section } from "../../core/report/mod.ts";
import { readJsonLines } from "../../core/files/json_lines.ts";
import type { LogRecord } from "../../core/files/json_lines.ts";
import { train } from "../../core/train/run/train.ts";
import type { TrainOptions } from "../../core/train/run/train_options.ts";
import { configuredPairEncoder, configuredPairsShown } from "../quality_option.ts";
import { TrainDisplay } from "../cli/train_display.ts";

/** Pairs that are drawn. */
const SHOWN = 6;

/** What the second run is given. */
export interface WeightedRun {
  readonly method: LoadedMethod;
  /** The first run's, which the second one's is but for its length and its weights. */
  readonly configuration: Configuration;
  readonly dataset: Dataset;
  /** Folder of the first run. */
  readonly encoder: string;
  /** File of the principal component of its tokens. */
  readonly vectors: string;
  /** Height and width at which it judges views. */
  readonly imageSize: number;
  readonly epochs: number;
  /** Folder of the second run. */
  readonly output: string;
  readonly signal: AbortSignal;
  readonly evaluate: TrainOptions["evaluate"];
}

/** The mean of what all steps of a log say. */
function meanOf(steps: readonly LogRecord[], name: string): number {
  return steps.reduce((sum, step) => sum + Number(step[name]), 0) / steps.length;
}

async function weightedSection({ output, epochs, configuration }: WeightedRun): Promise<Section> {
  const steps = await readJsonLines(join(output, "steps.jsonl"));
  const after = (await readJsonLines(join(output, "epochs.jsonl"))).at(-1)!;
  const all = configuration.epochs;
  const length = epochs === 1 ? "1 epoch" : `${epochs} epochs`;
  return {
    title: "Pairs by their quality",
    text:
      "A second run starts anew. Before each step the first run's backbone, which no longer learns, looks at both " +
      "views of each pair: the more alike their foregrounds and the less alike their backgrounds, the more the pair " +
      "counts.\n\n" +
      (epochs === all
        ? "Both runs have the same length, so that their numbers may be compared."
        : `It has ${length}, to show the weights; with --weighted-epochs ${all} its numbers may be compared ` +
          "with the first run's."),
    tables: [{
      columns: ["of the second run", "value"],
      rows: [
        ["mean similarity of the foregrounds", meanOf(steps, "foregroundSimilarity").toFixed(3)],
        ["mean similarity of the backgrounds", meanOf(steps, "backgroundSimilarity").toFixed(3)],
        ["largest weight of a step, in the mean", meanOf(steps, "largestPairWeight").toFixed(3)],
        [
          `nearest neighbours after ${length}`,
          `${(100 * Number(after["knn"])).toFixed(1)} %`,
        ],
      ],
    }],
    figures: [{
      png: await Deno.readFile(join(output, "pairs", `epoch-${epochs - 1}.png`)),
      caption:
        "Pairs of the last epoch's first step: views, their foreground maps, and the weight.",
      alt: `${SHOWN} pairs of views with their foreground maps, similarities and weights`,
    }],
  };
}

/** Trains the second run, or what is left of it, and says what became of it. Undefined if it was interrupted. */
export async function trainWeighted(run: WeightedRun): Promise<Section | undefined> {
  const { method, dataset, output, signal, evaluate } = run;
  const configuration: Configuration = {
    ...run.configuration,
    epochs: run.epochs,
    evaluateEvery: run.epochs,
    qualityEncoder: run.encoder,
    qualityVectors: run.vectors,
    qualityImageSize: run.imageSize,
    vis: SHOWN,
  };
  const pairEncoder = await configuredPairEncoder(configuration);
  const pairsShown = configuredPairsShown(configuration, output);
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
    ...(pairsShown && { pairsShown }),
    ...(existsSync(join(output, "configuration.json")) && { resume: "latest" }),
  });
  return result.finished ? await weightedSection(run) : undefined;
}
