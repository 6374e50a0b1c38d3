/**
 * `deno task evaluate`: how good a backbone's features are.
 *
 * @module
 */
import { GenviewTypeError } from "../core/errors/mod.ts";
import type { DatasetFeatures } from "../core/evaluate/dataset_features.ts";
import { evaluateBackbone } from "../core/evaluate/evaluate_backbone.ts";
import { linearProbe } from "../core/evaluate/linear_probe.ts";
import { LINEAR_PROBE_RECIPES } from "../core/evaluate/linear_probe_recipes.ts";
import { DEFAULT_NEIGHBORS } from "../core/evaluate/nearest_neighbors.ts";
import { resolveDevice } from "../core/engine/ort/mod.ts";
import { configuredBackbone } from "../core/train/run/train.ts";
import { openRun } from "../core/train/run/open_run.ts";
import { placeWeights } from "./checkpoint_option.ts";
import { type Command, parse, runTask } from "./cli/command_line.ts";
import { openEvaluationData } from "../core/data/mod.ts";
import { configuredRecipe } from "../core/evaluate/configured_evaluation.ts";
import { PROBE_MODE } from "../core/evaluate/probe_backbone.ts";

const COMMAND: Command = {
  name: "evaluate",
  summary:
    "Evaluates a trained backbone on labelled images: weighted nearest neighbours, a linear probe " +
    `(${PROBE_MODE}), and retrieval where samples have counterparts.`,
  positional: "RUN",
  examples: [
    {
      command: "deno task evaluate runs/demo",
      does: "the newest checkpoint of a run, on the data that the run names",
    },
    {
      command: "deno task evaluate runs/photos --train photos/train --test photos/test --k 200",
      does: "folders of images, one folder a class",
    },
  ],
  options: {
    type: "object",
    properties: {
      train: {
        type: "string",
        default: "",
        description: "labelled images that vote and train the probe (the run's data when empty)",
      },
      test: {
        type: "string",
        default: "",
        description: "labelled images that are classified (the run's evaluation data when empty)",
      },
      k: {
        type: "integer",
        minimum: 1,
        description:
          `neighbours that vote (${DEFAULT_NEIGHBORS}, or all where there are fewer, when left out)`,
      },
      temperature: {
        type: "number",
        exclusiveMinimum: 0,
        default: 0.07,
        description: "temperature of the votes",
      },
      probe: {
        type: "string",
        enum: ["none", ...Object.keys(LINEAR_PROBE_RECIPES)],
        default: "lightly",
        description:
          `recipe of whose optimizer and schedule the linear probe is trained, on ${PROBE_MODE}`,
      },
      seed: { type: "integer", minimum: 0, default: 0, description: "seed of the probe" },
      strict: {
        type: "boolean",
        default: false,
        description: "stop at the first image that cannot be read, instead of leaving it out",
      },
      device: { type: "string", default: "auto", description: "auto, cpu, cuda, cuda:N or webgpu" },
      json: { type: "boolean", default: false, description: "print one JSON object" },
    },
  },
};

function countsOf(data: string, { indices, skipped }: DatasetFeatures) {
  return { data, samples: indices.length, skipped };
}

/** Images of a data set that were left out, in words. */
function leftOut({ data, samples, skipped }: ReturnType<typeof countsOf>): string {
  return `${skipped} of ${samples + skipped} images of ${data} cannot be read and are left out`;
}

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

/** Runs the task with its arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, (text) => console.log(text));
  if (parsed === undefined) return;
  const [run, ...rest] = parsed.positional;
  if (run === undefined || rest.length > 0) {
    throw new GenviewTypeError(
      `Cannot evaluate: one RUN must be named, found ${parsed.positional.length}`,
    );
  }
  const values = parsed.values as {
    train: string;
    test: string;
    k?: number;
    temperature: number;
    probe: string;
    seed: number;
    strict: boolean;
    device: string;
    json: boolean;
  };
  const { checkpoint, configuration } = await openRun(run);
  const trainName = values.train || configuration.data;
  const testName = values.test || configuration.evaluationData || trainName;
  const [bank, queries] = await openEvaluationData(trainName, testName);
  const device = resolveDevice(values.device);
  using owned = new DisposableStack();
  const scores = await evaluateBackbone({
    backbone: configuredBackbone(configuration),
    device,
    weights: placeWeights(owned, checkpoint.model, device),
  }, {
    bank,
    queries,
    recipe: configuredRecipe(configuration),
    strict: values.strict,
    onWarning: (message) => console.error(`warning: ${message}`),
    knn: { temperature: values.temperature, ...(values.k !== undefined && { k: values.k }) },
  });
  const probe = values.probe === "none"
    ? undefined
    : await linearProbe(scores.bank, scores.queries, {
      recipe: LINEAR_PROBE_RECIPES[values.probe]!,
      seed: values.seed,
      standardize: true,
    });
  const found = {
    checkpoint: { step: checkpoint.state.step, epoch: checkpoint.state.epoch },
    train: countsOf(trainName, scores.bank),
    test: countsOf(testName, scores.queries),
    knn: { k: scores.knn.k, top1: scores.knn.top1, top5: scores.knn.top5 },
    ...(probe &&
      { probe: { recipe: values.probe, mode: PROBE_MODE, top1: probe.top1, top5: probe.top5 } }),
    ...(scores.retrieval && { retrieval: scores.retrieval }),
  };
  if (values.json) return console.log(JSON.stringify(found, null, 2));
  console.log(
    `step ${found.checkpoint.step}: ${found.test.samples} of ${testName} by ` +
      `${found.train.samples} of ${trainName}`,
  );
  const all = values.k === undefined && found.knn.k < DEFAULT_NEIGHBORS ? ", all there are" : "";
  console.log(
    `nearest neighbours (k ${found.knn.k}${all}): ${percent(scores.knn.top1)} top-1, ` +
      `${percent(scores.knn.top5)} top-5`,
  );
  if (probe) {
    console.log(
      `linear probe (${values.probe}; ${PROBE_MODE}): ${percent(probe.top1)} top-1, ${
        percent(probe.top5)
      } top-5`,
    );
  }
  if (scores.retrieval) {
    const { forward, backward } = scores.retrieval;
    console.log(
      `counterpart found first: ${percent(forward.recallAt1)} and back ${
        percent(backward.recallAt1)
      }; among five: ${percent(forward.recallAt5)} and ${percent(backward.recallAt5)}`,
    );
  }
  for (const counts of bank === queries ? [found.train] : [found.train, found.test]) {
    if (counts.skipped > 0) console.log(leftOut(counts));
  }
}

if (import.meta.main) await runTask(main);
