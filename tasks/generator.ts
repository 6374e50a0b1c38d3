/**
 * `deno task generator`: generators of one's own, trained, fine-tuned, sampled, measured and shown.
 *
 * @module
 */
import { openData } from "../core/data/open_data.ts";
import { exportImageEncoder } from "../core/encoders/export_image_encoder.ts";
import { openDevice } from "../core/engine/ort/mod.ts";
import { GenviewTypeError } from "../core/errors/mod.ts";
import { reportGenerator } from "../core/report/generator_report.ts";
import { counted } from "../core/schema/counted.ts";
import { nearestName } from "../core/schema/nearest_name.ts";
import { optionName } from "../core/schema/option_name.ts";
import { drawSamples } from "../core/unclip/training/draw_samples.ts";
import { makeLayoutEncoder } from "../core/unclip/training/layout_encoder.ts";
import { measureLevels } from "../core/unclip/training/level_measures.ts";
import {
  type GivenConfiguration,
  runGenerator,
  type RunGeneratorOptions,
} from "../core/unclip/training/run_generator.ts";
import { layoutTraining } from "../core/unclip/training/train_layout.ts";
import { type Command, command, parse, type Parsed, runTask } from "./cli/command_line.ts";
import { GeneratorDisplay } from "./cli/generator_display.ts";
import { generationPrecision, GENERATOR_OPTIONS } from "./cli/generator_options.ts";
import { levelMeasuresText } from "./cli/generator_text.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import { asStarted } from "./cli/program_name.ts";
import { refuseRanks } from "./cli/ranks.ts";
import {
  compatibleGeneration,
  UNCLIP_OPTIONS as ALL_UNCLIP_OPTIONS,
} from "./cli/unclip_options.ts";
import { VariationsDisplay } from "./cli/variations_display.ts";

/** The generator is named by its place behind the sub-command. */
const { model: _, ...UNCLIP_OPTIONS } = ALL_UNCLIP_OPTIONS;

const COMMAND = command({
  name: "generator",
  summary:
    "Generators of variations of your own, in the layout of Stable unCLIP: trains one from images alone, or fine-tunes a " +
    "published one; draws what it makes of images at each noise level; measures how much of them it keeps; and shows how " +
    "its training went. What train and finetune leave in OUTPUT/model is a model for variations, and for diffusers.",
  positional: "train|finetune|encoder|sample|measure|show [GENERATOR|RUN]",
  examples: [
    {
      command:
        "deno task generator train --data photos --image-encoder clip --output runs/generator",
      does: "an autoencoder, then a UNet on the embeddings of the encoder in the folder clip",
    },
    {
      command:
        "deno task generator train --data photos --image-encoder runs/simclr --embedding 64 --output runs/generator",
      does:
        "the same by the backbone of a run, a small CLIP vision transformer, which is exported first",
    },
    {
      command: "deno task generator train --output runs/generator --resume",
      does: "goes on with that run where it was stopped or killed",
    },
    {
      command:
        "deno task generator finetune --from stable-unclip-2-1 --data photos --freeze autoencoder --freeze unet.down_blocks --output runs/tuned",
      does:
        "adapts a published generator; its encoders, and the parts that are named, stay as they are",
    },
    {
      command: "deno task generator encoder runs/simclr --data photos --output clip",
      does: "exports that image encoder alone, into a folder that train takes",
    },
    {
      command:
        "deno task generator encoder runs/simclr --data photos --layout-steps 8000 --output clip",
      does: "the same, after it has learnt to tell what is where in an image",
    },
    {
      command: "deno task generator sample runs/generator/model --data photos --output samples.png",
      does: "images beside a variation at each level, from the same noise each time",
    },
    {
      command:
        "deno task generator measure runs/generator/model --data emoji-google --encoder runs/simsiam --output measures.json",
      does:
        "similarity, share that is recognised, and distance, by level, as another network sees them",
    },
    {
      command: "deno task generator show runs/generator --measures measures.json",
      does: "writes a page with the curves of both stages and samples over the epochs",
    },
  ],
  options: { type: "object", properties: { ...UNCLIP_OPTIONS, ...GENERATOR_OPTIONS } },
});

/** What the task takes, for programs that offer it to people, such as the studio. */
export const description: Command = COMMAND;

type Values = Parsed<typeof COMMAND.options>;

/** The options of a configuration that were given on the command line. */
function configurationOf({ given }: Values, frozen: boolean): GivenConfiguration {
  const { data, imageEncoder, imageSize, seed, draws, precision, freeze } = given;
  const { autoencoderSteps, autoencoderBatchSize, autoencoderLearningRate } = given;
  const { unetSteps, unetBatchSize, unetLearningRate } = given;
  const { embedding, emphasis, embeddingDraws } = given;
  const projection = {
    ...(embedding !== undefined && { embedding }),
    ...(emphasis !== undefined && { emphasis }),
    ...(embeddingDraws !== undefined && { draws: embeddingDraws }),
  };
  const stage = (
    steps: number | undefined,
    batchSize: number | undefined,
    learningRate: number | undefined,
  ) => ({
    ...(steps !== undefined && { steps }),
    ...(batchSize !== undefined && { batchSize }),
    ...(learningRate !== undefined && { learningRate }),
  });
  return {
    ...(data !== undefined && { data }),
    ...(imageEncoder !== undefined && { imageEncoder }),
    ...(Object.keys(projection).length > 0 && { projection }),
    ...(imageSize !== undefined && { imageSize }),
    ...(seed !== undefined && { seed }),
    ...(draws !== undefined && { draws }),
    ...(precision !== undefined && precision !== "auto" && { precision }),
    ...(frozen && freeze !== undefined && { frozen: freeze }),
    autoencoder: stage(autoencoderSteps, autoencoderBatchSize, autoencoderLearningRate),
    unet: stage(unetSteps, unetBatchSize, unetLearningRate),
  };
}

/** Runs a training, with a progress line, to its end or until it is stopped. */
async function training<T>(
  work: (session: { signal: AbortSignal; report: GeneratorDisplay["show"] }) => Promise<T>,
): Promise<T> {
  using display = new GeneratorDisplay();
  using interrupt = interruptSignal(() =>
    display.note("stopping after this step; press Ctrl-C again to end at once")
  );
  return await work({ signal: interrupt.signal, report: display.show });
}

/** Trains, and says what comes next. */
async function run(options: RunGeneratorOptions, action: string): Promise<void> {
  refuseRanks("generator");
  const { finished, folder } = await training((session) =>
    runGenerator({ ...options, ...session })
  );
  const { output } = options;
  console.log(asStarted(
    finished
      ? [
        `the generator: ${folder}`,
        "next:",
        `  deno task generator show ${output}`,
        `  deno task generator sample ${folder} --output samples.png`,
      ].join("\n")
      : `stopped; resume with: deno task generator ${action} --output ${output} --resume`,
  ));
}

/** What is trained, as far as both ways have it in common. */
function runOptions(parsed: Values, frozen: boolean): RunGeneratorOptions {
  const { output, config, resume, samples, device, providerOption, threads } = parsed.values;
  const { replicas, checkpointMinutes } = parsed.values;
  return {
    ...{ resume, samples, device, providerOption, threads, replicas, checkpointMinutes },
    output: output || "runs/generator",
    config: config || undefined,
    configuration: configurationOf(parsed, frozen),
  };
}

/** An option of the learning of layouts that was given. */
function layoutOptionOf({ given }: Values): string | undefined {
  const names = ["layoutSteps", "layoutData", "layoutBatchSize", "layoutLearningRate"] as const;
  const name = names.find((name) => given[name] !== undefined);
  return name && optionName(name);
}

/** Refuses options of the learning of layouts, which belongs to the export of an image encoder. */
function refuseLayouts(parsed: Values): void {
  const option = layoutOptionOf(parsed);
  if (option === undefined) return;
  throw new GenviewTypeError(
    `Cannot train a generator with ${option}: it is for "generator encoder", whose folder --image-encoder takes`,
  );
}

async function train(parsed: Values): Promise<void> {
  refuseLayouts(parsed);
  const { from, freeze } = parsed.given;
  if (from !== undefined || freeze !== undefined) {
    throw new GenviewTypeError(
      "Cannot train a generator from scratch: --from and --freeze are for finetune",
    );
  }
  await run(runOptions(parsed, false), "train");
}

async function finetune(parsed: Values): Promise<void> {
  refuseLayouts(parsed);
  const { given: { from }, values: { resume } } = parsed;
  if (from === undefined && !resume) {
    throw new GenviewTypeError(
      "Cannot fine-tune a generator: --from must name it, a folder or a set that has been pulled",
    );
  }
  await run({ ...runOptions(parsed, true), from }, "finetune");
}

/** The one generator or run that is named. */
function nameOf(
  { positional: [, model, ...others] }: Values,
  action: string,
  what = "GENERATOR",
): string {
  if (model !== undefined && others.length === 0) return model;
  throw new GenviewTypeError(
    `Cannot ${action}: one ${what} must be named, found ${
      model === undefined ? "none" : 1 + others.length
    }`,
  );
}

async function encoder(parsed: Values): Promise<void> {
  refuseRanks("generator");
  const { embedding, emphasis, embeddingDraws, data, imageSize, seed, threads, ...values } =
    parsed.values;
  const { layoutSteps, layoutBatchSize, layoutLearningRate, layoutData } = values;
  const { replicas, checkpointMinutes } = values;
  const layoutOption = layoutOptionOf(parsed);
  if (layoutSteps === 0 && layoutOption !== undefined) {
    throw new GenviewTypeError(
      `Cannot export an image encoder: ${layoutOption} is for one that learns layouts; give --layout-steps too`,
    );
  }
  const run = nameOf(parsed, "export an image encoder", "RUN");
  const output = values.output || "image-encoder";
  // The images are those that training sees first, so that it would export the same encoder.
  const dataset = await openData(data, { seed, redraw: true });
  const layouts = layoutData === ""
    ? undefined
    : await openData(layoutData, { seed, redraw: true });
  const device = await openDevice(values.device, values.providerOption);
  const options = {
    ...{ dataset, imageSize, embedding, emphasis, draws: embeddingDraws, device, threads },
    onWarning: (message: string) => console.error(`warning: ${message}`),
  };
  const made = layoutSteps === 0
    ? await exportImageEncoder(run, output, options)
    : await training((session) =>
      makeLayoutEncoder(run, output, {
        ...{ ...options, ...session, replicas, checkpointMinutes },
        onWarning: (message) => session.report({ kind: "warning", message }),
        onProgress: (done) =>
          session.report({ kind: "export", done, total: embeddingDraws * dataset.length }),
        training: {
          ...layoutTraining(layoutSteps, seed),
          batchSize: layoutBatchSize,
          learningRate: layoutLearningRate,
        },
        ...(layouts && { layouts }),
      })
    );
  if (made === undefined) {
    return console.log("stopped; the same command goes on where this one ended");
  }
  const { parameters, step } = made;
  console.log(
    `the image encoder of ${counted(step, "step")}, ${
      (parameters / 1e6).toFixed(2)
    } M parameters: ${output}`,
  );
}

/**
 * Runs what generates, with a progress line, to its end or until it is stopped.
 *
 * @param output file that is made; nothing is kept without one
 */
async function generating(
  output: string,
  work: (run: { signal: AbortSignal; report: VariationsDisplay["show"] }) => Promise<string>,
): Promise<void> {
  refuseRanks("generator");
  using interrupt = interruptSignal();
  using display = new VariationsDisplay();
  const { signal } = interrupt;
  try {
    const text = await work({ signal, report: display.show });
    display[Symbol.dispose]();
    console.log(text);
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    console.log(
      output === ""
        ? "stopped; nothing is kept without --output"
        : "stopped; the same command goes on where this one ended",
    );
  }
}

async function sample(parsed: Values): Promise<void> {
  const { values } = parsed;
  const model = nameOf(parsed, "sample a generator");
  const output = values.output || "samples.png";
  await generating(output, async (run) => {
    const images = await drawSamples({
      ...{ ...values, model, output, count: values.count || undefined },
      precision: generationPrecision(values.precision),
      ...compatibleGeneration(values),
    }, run);
    return `${images} images at levels ${values.levels.join(", ")}: ${output}`;
  });
}

async function measure(parsed: Values): Promise<void> {
  const { values } = parsed;
  const model = nameOf(parsed, "measure a generator");
  if (values.encoder === "") {
    throw new GenviewTypeError(
      "Cannot measure a generator: --encoder must name a network that had no part in it, such as a run",
    );
  }
  await generating(values.output, async (run) => {
    const measures = await measureLevels({
      ...{ ...values, model, count: values.count || undefined },
      precision: generationPrecision(values.precision),
      ...compatibleGeneration(values),
    }, run);
    return values.json ? JSON.stringify(measures, null, 2) : levelMeasuresText(measures);
  });
}

async function show(parsed: Values): Promise<void> {
  const { values: { output, measures } } = parsed;
  const { page, stages, finished } = await reportGenerator({
    run: nameOf(parsed, "show a generator"),
    output: output || undefined,
    measures: measures || undefined,
  });
  for (const { stage, step, totalSteps } of stages) {
    console.log(`${stage}: ${step} of ${totalSteps} steps`);
  }
  console.log(`${finished ? "finished" : "in training"}: ${page}`);
}

const ACTIONS: Readonly<Record<string, (parsed: Values) => Promise<void>>> = {
  train,
  finetune,
  encoder,
  sample,
  measure,
  show,
};

/** Runs the task on a command line. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  const [action = "", ...others] = parsed.positional;
  const names = Object.keys(ACTIONS);
  if (!Object.hasOwn(ACTIONS, action)) {
    throw new GenviewTypeError(
      `Cannot run generator: the first argument must be ${names.join(", ")}, found "${action}"` +
        (action === "" ? "" : `; did you mean "${nearestName(action, names)}"?`),
    );
  }
  if ((action === "train" || action === "finetune") && others.length > 0) {
    throw new GenviewTypeError(
      `Cannot ${action} a generator: it takes options alone, found "${others.join(" ")}"`,
    );
  }
  await ACTIONS[action]!(parsed);
}

if (import.meta.main) await runTask(main);
