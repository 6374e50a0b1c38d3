/**
 * `deno task pipeline`: the whole of GenView over a folder of images.
 *
 * @module
 */
import { bundledConfigurations } from "../configs/mod.ts";
import { GenviewTypeError } from "../core/errors/mod.ts";
import { configurationSchema } from "../core/method/configuration.ts";
import { GENVIEW_NOISE_SCHEDULE } from "../core/noise/mod.ts";
import { type PipelineQuestion, runPipeline, STAGE_NAMES } from "../core/pipeline/mod.ts";
import { bundledMethods } from "../plugins/mod.ts";
import { type Command, command, parse, runTask } from "./cli/command_line.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import { PipelineDisplay } from "./cli/pipeline_display.ts";
import { refuseRanks } from "./cli/ranks.ts";
import { withMethodOptions } from "./cli/training_options.ts";
import {
  GENERATION_BATCH_SIZE,
  SCALE_LEFT_OUT,
  SCHEDULER_LEFT_OUT,
  STEPS_LEFT_OUT,
} from "./cli/unclip_options.ts";

// What the stages before pretraining leave is not for anyone to name.
const { variations: _variations, qualityComponent: _component, ...pretrainingOptions } =
  configurationSchema.properties;

/** What `configuration` and the pipeline both have: it holds for all stages. */
const SHARED = ["data", "seed", "device", "providerOption", "threads"] as const;

const COMMAND = command({
  name: "pipeline",
  summary:
    "Runs the whole of GenView over images in a folder, a list or shards: what is foreground, how much noise each image bears, its " +
    "variations, pretraining on generated pairs that are weighted by their quality, evaluation where there are labels, " +
    "and one report. What is done is not done again: the same command resumes where it was stopped.",
  examples: [
    {
      command: "deno task pipeline --data photos --output out --epochs 100",
      does: "by the networks that come with the project; out/report/index.html tells of all stages",
    },
    {
      command: "deno task pipeline --data photos --output out --until variations",
      does: "stops before pretraining; the first command goes on from there",
    },
    {
      command: "deno task pipeline --data photos --output byol --method byol --skip variations",
      does: "by another method, on pairs from the images alone",
    },
    {
      command: "deno task pipeline --data photos --output published --published",
      does: "by CLIP and Stable unCLIP: says what is downloaded and how long it takes, and asks",
    },
  ],
  options: {
    type: "object",
    required: ["data", "output"],
    properties: {
      ...pretrainingOptions,
      data: {
        group: "Pipeline",
        type: "string",
        description: "folder of images, a list file, or shards by name",
      },
      output: {
        group: "Pipeline",
        type: "string",
        description: "folder of all that the stages leave",
      },
      only: {
        group: "Pipeline",
        type: "array",
        items: { type: "string", enum: STAGE_NAMES },
        default: [],
        description: `stages that are run, of ${STAGE_NAMES.join(", ")} (all when left out)`,
      },
      skip: {
        group: "Pipeline",
        type: "array",
        items: { type: "string", enum: STAGE_NAMES },
        default: [],
        description: "stages that are left out",
      },
      until: {
        group: "Pipeline",
        type: "string",
        enum: STAGE_NAMES,
        default: "report",
        description: "the last stage that is run",
      },
      published: {
        group: "Networks",
        type: "boolean",
        default: false,
        description:
          "take CLIP ViT-H-14, CLIP ConvNeXt-B and Stable unCLIP 2.1; what is missing is downloaded",
      },
      yes: {
        group: "Pipeline",
        type: "boolean",
        default: false,
        description: "with --published: do not ask before downloads and before the run",
      },
      estimate: {
        group: "Pipeline",
        type: "boolean",
        default: true,
        description: "measure a few images of each stage first, and say how long all will take",
      },
      model: {
        group: "Networks",
        type: "string",
        default: "embedded",
        description: "network that finds the foreground, as extract-features takes it",
      },
      tokenImageSize: {
        group: "Networks",
        type: "integer",
        minimum: 0,
        maximum: 16384,
        default: 0,
        description: "height and width of its images (0: its own)",
      },
      generator: {
        group: "Networks",
        type: "string",
        default: "embedded",
        description: "generator of the variations, as variations --model takes it",
      },
      numExtract: {
        group: "Foreground",
        type: "integer",
        minimum: 1,
        default: 10000,
        description: "images that component and threshold are found by, at most",
      },
      foregroundShare: {
        group: "Foreground",
        type: "number",
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
        default: 0.4,
        description: "share of all tokens that the threshold leaves as foreground",
      },
      flip: {
        group: "Foreground",
        type: "boolean",
        default: false,
        description: "negate the component, where the masks show the background",
      },
      ranges: {
        group: "Foreground",
        type: "array",
        items: { type: "number" },
        default: GENVIEW_NOISE_SCHEDULE.edges,
        description: "edges of the ranges of foreground ratios that have a noise level each",
      },
      levels: {
        group: "Foreground",
        type: "array",
        items: { type: "integer" },
        default: GENVIEW_NOISE_SCHEDULE.levels,
        description: "noise level of the range that begins at each edge",
      },
      variedImages: {
        group: "Variations",
        type: "integer",
        minimum: 0,
        default: 0,
        description: "images that get variations, drawn at random (0: all)",
      },
      numImagesPerPrompt: {
        group: "Variations",
        type: "integer",
        minimum: 1,
        default: 1,
        description: "variations of each image",
      },
      generationBatchSize: {
        group: "Variations",
        type: "integer",
        minimum: 1,
        description: `${GENERATION_BATCH_SIZE}; fewer take less memory`,
      },
      numInferenceSteps: {
        group: "Variations",
        type: "integer",
        minimum: 1,
        maximum: 1000,
        description:
          `steps of the generator's scheduler (when left out ${STEPS_LEFT_OUT}, and with --published)`,
      },
      scale: {
        group: "Variations",
        type: "number",
        minimum: 1,
        description:
          `classifier-free guidance scale (when left out ${SCALE_LEFT_OUT}, and with --published); 1 is no guidance`,
      },
      scheduler: {
        group: "Variations",
        type: "string",
        enum: ["model", "pndm", "ddim", "dpm-solver++"],
        description: `scheduler (when left out ${SCHEDULER_LEFT_OUT}, and with --published)`,
      },
      size: {
        group: "Variations",
        type: "integer",
        minimum: 0,
        description:
          "height and width of variations (0: the generator's, as when left out; with --published 512)",
      },
      method: {
        group: "Run",
        type: "string",
        default: "simsiam",
        description: "method by name, or the path or address of its folder or manifest.json",
      },
      preset: {
        group: "Run",
        type: "string",
        default: "cifar",
        description: "the method's preset; with --published its first when left out",
      },
      config: {
        group: "Run",
        type: "string",
        default: "",
        description: "JSON file with options of pretraining, or the name of an experiment",
      },
    },
  },
});

/** What the task takes, for programs that offer it to people, such as the studio. */
export const description: Command = COMMAND;

/** Options of the pipeline that are not of pretraining. */
const OWN: readonly string[] = Object.keys(COMMAND.options.properties)
  .filter((name) => !Object.hasOwn(pretrainingOptions, name));

/** The options of pretraining alone, and all others. */
function divided(given: Readonly<Record<string, unknown>>) {
  const isShared = (name: string) => (SHARED as readonly string[]).includes(name);
  const entries = Object.entries(given);
  return {
    configuration: Object.fromEntries(
      entries.filter(([name]) => !OWN.includes(name) && !isShared(name)),
    ),
    own: Object.fromEntries(entries.filter(([name]) => OWN.includes(name) || isShared(name))),
  };
}

/** Refuses a run that has to ask where nobody can answer. */
function checkAnswerable(): void {
  if (Deno.stdin.isTerminal()) return;
  throw new GenviewTypeError(
    "Cannot ask before downloads and before the run: standard input must be a terminal, found none; --yes agrees " +
      "beforehand",
  );
}

/** Asks on the terminal. */
function ask(question: PipelineQuestion): boolean {
  return confirm(question === "download" ? "Download?" : "Go on?");
}

/** Runs the task with its arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(await withMethodOptions(COMMAND, args), args, (text) => console.log(text));
  if (parsed === undefined) return;
  refuseRanks("pipeline");
  const { ranges: edges, levels, published, yes, data, output } = parsed.values;
  const asks = published && !yes;
  if (asks) checkAnswerable();
  const { yes: _yes, ranges: _ranges, levels: _levels, ...given } = parsed.given;
  const { configuration, own } = divided(given);
  const endpoint = Deno.env.get("HF_ENDPOINT");
  const token = Deno.env.get("HF_TOKEN");
  using display = new PipelineDisplay();
  using interrupt = interruptSignal(() =>
    display.note("stopping; press Ctrl-C again to end at once")
  );
  const outcome = await runPipeline({
    ...own,
    ...{ data, output, configuration },
    schedule: { edges, levels },
  }, {
    methods: bundledMethods,
    configurations: bundledConfigurations,
    signal: interrupt.signal,
    report: (event) => display.show(event),
    hub: { ...(endpoint && { endpoint }), ...(token && { token }) },
    ...(asks && { confirm: ask }),
  });
  display[Symbol.dispose]();
  if (outcome.stopped !== undefined) {
    console.log(`stopped in ${outcome.stopped}; the same command resumes from here`);
  } else if (!outcome.finished) console.log("nothing was run");
  else console.log(outcome.page === undefined ? "done" : `report: ${outcome.page}`);
}

if (import.meta.main) await runTask(main);
