/**
 * `deno task evaluate`: how good a backbone's features are, by the protocols of publications.
 *
 * @module
 */
import { providerOption } from "../core/schema/provider_option.ts";
import { GenviewTypeError } from "../core/errors/mod.ts";
import { DEFAULT_HELD_OUT_SHARE } from "../core/evaluate/hold_out.ts";
import { FINE_TUNING_RECIPES } from "../core/evaluate/fine_tuning_recipes.ts";
import { LINEAR_PROBE_RECIPES } from "../core/evaluate/linear_probe_recipes.ts";
import { DEFAULT_NEIGHBORS } from "../core/evaluate/nearest_neighbors.ts";
import { PROBE_MODE } from "../core/evaluate/probe_backbone.ts";
import { DEFAULT_PROTOCOLS, PROTOCOLS } from "../core/evaluate/protocols.ts";
import { readRuns } from "../core/evaluate/results.ts";
import { resultsTables } from "../core/evaluate/results_table.ts";
import { evaluateRun } from "../core/train/run/evaluate_run.ts";
import { type Command, command, parse, runTask } from "./cli/command_line.ts";
import { EvaluateDisplay } from "./cli/evaluate_display.ts";
import { describeResults, describeTables } from "./cli/evaluation_text.ts";
import { inRanks } from "./cli/ranks.ts";
import { ranOnWorkers, WORKERS } from "./cli/workers.ts";

const PROBES = Object.entries(LINEAR_PROBE_RECIPES).map(([name, { letter }]) =>
  `${letter} ${name}`
);

const COMMAND = command({
  name: "evaluate",
  summary:
    "Evaluates a trained backbone on labelled images by the protocols of publications: nearest neighbours " +
    "(and retrieval where samples have counterparts), linear probes, fine-tuning with few labels or all. Every " +
    "figure has its chance level beside it; results are added to the run's results.json and TensorBoard events, " +
    "and --table shows those of several runs side by side.",
  positional: "RUN...",
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
      command:
        "deno task evaluate runs/photos --train photos/train --test photos/test --k 10,20,100,200 --temperature 0.07,0.1",
      does: "test images of their own; neighbours of several numbers and temperatures in one table",
    },
    {
      command:
        "deno task evaluate runs/photos --train imagenet/train --test imagenet/val --protocol linear:A",
      does:
        "the linear probe of mmpretrain on augmented images; the same command goes on where it was stopped",
    },
    {
      command:
        "deno task evaluate runs/photos --train imagenet/train --test imagenet/val --protocol semi:1,semi:10,finetune",
      does: "the whole network fine-tuned with 1 %, 10 % and all of the labels",
    },
    {
      command: "deno task evaluate runs/photos --train photos --encoder momentum",
      does: "the moving average of the encoder, where the method keeps one",
    },
    {
      command:
        "mpirun -np 8 deno task evaluate runs/photos --train imagenet/train --test imagenet/val --protocol knn,linear:A",
      does: "each process takes a part of the images and of every step, on a GPU of its own",
    },
    {
      command: "deno task evaluate --table runs/photos runs/demo --markdown",
      does: "what was found so far, side by side",
    },
  ],
  options: {
    type: "object",
    properties: {
      workers: { ...WORKERS, group: "Processes" },
      protocol: {
        group: "Protocols",
        type: "array",
        items: { type: "string" },
        minItems: 1,
        default: DEFAULT_PROTOCOLS,
        description:
          `what is done, of ${
            Object.values(PROTOCOLS).join(", ")
          }; what is taken where a recipe is left ` +
          `out stands in brackets. probe is fast: on ${PROBE_MODE}; linear is the published protocol, on augmented ` +
          `images. Recipes of both: ${PROBES.join(", ")}; of semi and finetune: ${
            Object.keys(FINE_TUNING_RECIPES).join(", ")
          }`,
      },
      encoder: {
        group: "Protocols",
        type: "string",
        enum: ["online", "momentum"],
        default: "online",
        description: "the encoder that was trained, or its moving average",
      },
      train: {
        group: "Data",
        type: "string",
        default: "",
        description: "labelled images that vote and are trained on (the run's data when empty)",
      },
      test: {
        group: "Data",
        type: "string",
        default: "",
        description:
          "labelled images that are classified (when empty the run's evaluation data, or else a held-out part of --train)",
      },
      classes: {
        group: "Data",
        type: "string",
        default: "",
        description:
          "file of the classes that are evaluated, one a line in the order of their labels, such as ImageNet-100's (all when empty)",
      },
      heldOutShare: {
        group: "Data",
        type: "number",
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
        default: DEFAULT_HELD_OUT_SHARE,
        description:
          "share of each class that is held out by --seed, where test images are training images or none are named",
      },
      k: {
        group: "Neighbours",
        type: "array",
        items: { type: "integer", minimum: 1 },
        minItems: 1,
        description:
          `numbers of neighbours that vote (${DEFAULT_NEIGHBORS}, or all where there are fewer, when left out)`,
      },
      temperature: {
        group: "Neighbours",
        type: "array",
        items: { type: "number", exclusiveMinimum: 0 },
        minItems: 1,
        default: [0.07],
        description: "temperatures of the votes",
      },
      distance: {
        group: "Neighbours",
        type: "string",
        enum: ["cosine", "euclidean"],
        default: "cosine",
        description:
          "how far apart neighbours are; by Euclidean distances votes are their inverses, whatever the temperature",
      },
      labelled: {
        group: "Training",
        type: "string",
        description:
          "file that names the images whose labels semi uses, such as SimCLR's 1percent.txt (a share of each class is drawn by --seed when left out)",
      },
      batchSize: {
        group: "Training",
        type: "integer",
        minimum: 1,
        description:
          "images in a step of linear, semi and finetune; the learning rate scales with it (the recipe's, or all images where there are fewer, when left out)",
      },
      deviceBatchSize: {
        group: "Training",
        type: "integer",
        minimum: 1,
        description:
          "images that the device takes at once in semi and finetune, where the batch does not fit; must divide it. Gradients are those of the whole batch; batch norms normalise, and images are mixed, within each part (the whole batch when left out)",
      },
      epochs: {
        group: "Training",
        type: "integer",
        minimum: 1,
        description: "epochs of linear, semi and finetune (the recipe's when left out)",
      },
      seed: {
        group: "Training",
        type: "integer",
        minimum: 0,
        default: 0,
        description:
          "seed of classifiers, of the order of images and their crops, of what is held out, and of shares of labels",
      },
      strict: {
        group: "Data",
        type: "boolean",
        default: false,
        description: "stop at the first image that cannot be read, instead of leaving it out",
      },
      device: { type: "string", default: "auto", description: "auto, cpu, cuda, cuda:N or webgpu" },
      providerOption,
      loaders: {
        group: "Data",
        type: "integer",
        minimum: 1,
        description: "threads that cut images (the run's when left out)",
      },
      log: {
        group: "Results",
        type: "boolean",
        default: true,
        description:
          "add results to the run's results.json and TensorBoard events, and keep the checkpoints of trainings in its folder evaluations",
      },
      table: {
        group: "Results",
        type: "boolean",
        default: false,
        description: "evaluate nothing; show the results of all RUNs side by side",
      },
      markdown: {
        group: "Results",
        type: "boolean",
        default: false,
        description: "print --table in Markdown",
      },
      json: {
        group: "Results",
        type: "boolean",
        default: false,
        description: "print one JSON object",
      },
    },
  },
});

/** What the task takes, for programs that offer it to people, such as the studio. */
export const description: Command = COMMAND;

/** Runs the task with its arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  const { json, table, markdown, protocol, workers, ...options } = parsed.values;
  if (table) {
    const runs = await readRuns(parsed.positional);
    const tables = resultsTables(runs);
    const lacking = parsed.positional.filter((named) => !runs.some(({ run }) => run === named));
    return console.log(
      json ? JSON.stringify(tables, null, 2) : describeTables(tables, { markdown, lacking }),
    );
  }
  if (markdown) {
    throw new GenviewTypeError("Cannot evaluate: --markdown is for --table, found it alone");
  }
  const [run, ...rest] = parsed.positional;
  if (run === undefined || rest.length > 0) {
    throw new GenviewTypeError(
      `Cannot evaluate: one RUN must be named, or several with --table, found ${parsed.positional.length}`,
    );
  }
  if (await ranOnWorkers("evaluate", args, workers)) return;
  await inRanks(async (group) => {
    const leads = group === undefined || group.rank === 0;
    using display = new EvaluateDisplay();
    const { results, log } = await evaluateRun(run, {
      ...options,
      protocols: protocol,
      report: (event) => display.show(event),
      group,
    });
    display[Symbol.dispose]();
    if (!leads) return;
    console.log(json ? JSON.stringify({ results, log }, null, 2) : describeResults(results, log));
  });
}

if (import.meta.main) await runTask(main);
