/**
 * `deno task evaluate`: how good a backbone's features are.
 *
 * @module
 */
import { GenviewTypeError } from "../core/errors/mod.ts";
import type { ChanceLevel } from "../core/evaluate/chance.ts";
import { DEFAULT_HELD_OUT_SHARE } from "../core/evaluate/hold_out.ts";
import { LINEAR_PROBE_RECIPES } from "../core/evaluate/linear_probe_recipes.ts";
import { DEFAULT_NEIGHBORS } from "../core/evaluate/nearest_neighbors.ts";
import { PROBE_MODE } from "../core/evaluate/probe_backbone.ts";
import { evaluateRun, type RunEvaluation } from "../core/train/run/evaluate_run.ts";
import { command, parse, runTask } from "./cli/command_line.ts";
import { EvaluateDisplay } from "./cli/evaluate_display.ts";

const COMMAND = command({
  name: "evaluate",
  summary:
    "Evaluates a trained backbone on labelled images: weighted nearest neighbours, a linear probe " +
    `(${PROBE_MODE}), and retrieval where samples have counterparts. Every figure has its chance level beside it; ` +
    "results are added to the run's evaluations.jsonl and TensorBoard events.",
  positional: "RUN",
  examples: [
    {
      command: "deno task evaluate runs/demo",
      does: "the newest checkpoint of a run, on the data that the run names",
    },
    {
      command: "deno task evaluate runs/photos --train photos",
      does: "a folder of images, one folder a class, of which a fifth of each class is held out",
    },
    {
      command: "deno task evaluate runs/photos --train photos/train --test photos/test --k 200",
      does: "test images of their own",
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
        description:
          "labelled images that are classified (when empty the run's evaluation data, or else a held-out part of --train)",
      },
      heldOutShare: {
        type: "number",
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
        default: DEFAULT_HELD_OUT_SHARE,
        description:
          "share of each class that is held out by --seed, where test images are training images or none are named",
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
        description: `optimizer and learning-rate schedule of the linear probe, on ${PROBE_MODE}`,
      },
      seed: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "seed of the probe and of what is held out",
      },
      strict: {
        type: "boolean",
        default: false,
        description: "stop at the first image that cannot be read, instead of leaving it out",
      },
      device: { type: "string", default: "auto", description: "auto, cpu, cuda, cuda:N or webgpu" },
      log: {
        type: "boolean",
        default: true,
        description: "add the results to the run's evaluations.jsonl and TensorBoard events",
      },
      json: { type: "boolean", default: false, description: "print one JSON object" },
    },
  },
});

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

/** Accuracies, each beside those of a classifier that sees no image. */
function accuracy(
  { top1, top5 }: { readonly top1: number; readonly top5: number },
  { classes, balanced, balancedTop5, majority }: ChanceLevel,
): string {
  return `${percent(top1)} top-1 (chance ${
    percent(balanced)
  }, ${classes} classes; most frequent class ${percent(majority)}), ${
    percent(top5)
  } top-5 (chance ${percent(balancedTop5)})`;
}

/** How training and test images of the probe were kept apart, in words. */
const SPLITS = {
  "separate": () => "",
  "test images left out": (trained: number, tested: number) =>
    `; test images are training images too and are left out of its training: trained on ${trained}, tested on ${tested}`,
  "held out": (trained: number, tested: number) =>
    `; test images are training images too, so that it is trained on ${trained} and tested on ${tested} held out by seed`,
};

/** The results for people, each figure beside its chance level. */
function describe(found: RunEvaluation, chosenK: boolean): string {
  const { checkpoint, train, test, overlap, chance, knn, probe, retrieval } = found;
  const all = !chosenK && knn.k < DEFAULT_NEIGHBORS ? ", all there are" : "";
  const lines = [
    test.heldOut === undefined
      ? `step ${checkpoint.step}: ${test.samples} images of ${test.data} by ${train.samples} of ${train.data}`
      : `step ${checkpoint.step}: ${test.samples} images of ${test.data}, ${
        percent(test.heldOut)
      } of each class held out by seed, by the other ${train.samples}`,
    `nearest neighbours (k ${knn.k}${all}): ${accuracy(knn, chance)}`,
  ];
  if (overlap > 0) {
    lines.push(
      `  ${overlap} of the ${test.samples} test images are training images too; each is left out of its own neighbours`,
    );
  }
  if (probe !== undefined) {
    lines.push(
      `linear probe (${probe.recipe}; ${probe.mode}): ${accuracy(probe, probe.chance)}${
        SPLITS[probe.split](probe.trained, probe.tested)
      }`,
    );
  }
  if (retrieval !== undefined) {
    const { forward, backward } = retrieval;
    lines.push(
      `counterpart found first: ${percent(forward.recallAt1)} and back ${
        percent(backward.recallAt1)
      } (chance ${percent(forward.chance.recallAt1)} and ${
        percent(backward.chance.recallAt1)
      }); among five: ${percent(forward.recallAt5)} and ${percent(backward.recallAt5)} (chance ${
        percent(forward.chance.recallAt5)
      } and ${percent(backward.chance.recallAt5)})`,
    );
  }
  const sets = train.data === test.data && test.heldOut === undefined ? [train] : [train, test];
  for (const { data, samples, skipped } of sets) {
    if (skipped === 0) continue;
    lines.push(
      `${skipped} of ${samples + skipped} images of ${data} cannot be read and are left out`,
    );
  }
  if (found.log !== undefined) lines.push(`added to ${found.log}`);
  return lines.join("\n");
}

export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  const [run, ...rest] = parsed.positional;
  if (run === undefined || rest.length > 0) {
    throw new GenviewTypeError(
      `Cannot evaluate: one RUN must be named, found ${parsed.positional.length}`,
    );
  }
  const { json, ...options } = parsed.values;
  using display = new EvaluateDisplay();
  const found = await evaluateRun(run, { ...options, report: (event) => display.show(event) });
  display[Symbol.dispose]();
  console.log(json ? JSON.stringify(found, null, 2) : describe(found, options.k !== undefined));
}

if (import.meta.main) await runTask(main);
