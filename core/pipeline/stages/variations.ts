/**
 * The fourth stage: variations of the images, each by its noise level.
 *
 * @module
 */
import { join } from "node:path";
import { asPublished, findGenerator, generateVariations, openUnclip } from "../../unclip/mod.ts";
import { uniqueIndices } from "../../data/mod.ts";
import { isAbsolutePath } from "../../data/relative_path.ts";
import { RandomStream } from "../../engine/random/mod.ts";
import { writeNewFile } from "../../files/new_file.ts";
import { GENVIEW_NOISE_SCHEDULE, parseLevelLines } from "../../noise/mod.ts";
import { GenviewError, GenviewTypeError } from "../../errors/mod.ts";
import {
  batchSizeOf,
  findVariations,
  makeVariations,
  type MakeVariationsOptions,
  type OutputNames,
  type VariationFormat,
} from "../../variations/mod.ts";
import { checkNames } from "../../variations/output_names.ts";
import { networkFailure } from "../../variations/progress.ts";
import type { PipelineContext } from "../pipeline_context.ts";
import type { StageEstimate } from "../pipeline_event.ts";
import type { Stage } from "../stage.ts";
import { isAt } from "./ratios.ts";

/** Size and format of variations, for the embedded generator and as GenView has them. */
const DEFAULTS = {
  embedded: {
    size: 0,
    // At 48 pixels the artefacts of JPEG files would be much of a picture.
    format: "png" as VariationFormat,
  },
  published: {
    size: 512,
    format: "source" as VariationFormat,
  },
} as const;

/** Steps of the scheduler that a speed is measured by. */
const MEASURED_STEPS = 2;

/** How variations are named. */
function namesOf({ options }: PipelineContext): OutputNames {
  const { format } = DEFAULTS[options.published ? "published" : "embedded"];
  return { imagesPerPrompt: options.numImagesPerPrompt ?? 1, format };
}

/** The generator, and all that its variations depend on, defaults filled in. */
async function generationOf({ options, names, device }: PipelineContext) {
  const { published = false, scheduler, numInferenceSteps, scale } = options;
  const asked = { scheduler, numInferenceSteps, scale };
  const { model, ...sampling } = await findGenerator(names.generator, {
    device,
    ...(published ? asPublished(asked) : asked),
  });
  const { size, format } = DEFAULTS[published ? "published" : "embedded"];
  const generation = {
    seed: options.seed ?? 0,
    numImagesPerPrompt: options.numImagesPerPrompt ?? 1,
    ...sampling,
    size: options.size ?? size,
    format,
  } satisfies Partial<MakeVariationsOptions>;
  return { model, generation };
}

/** Refuses images whose variations could not mirror them, or could not be told apart. */
function check(context: PipelineContext): void {
  const { images: { dataset }, options: { data } } = context;
  const keys = uniqueIndices(dataset).map((index) => dataset.sample(index).key);
  const other = keys.find((key) => isAbsolutePath(key) || key.split("/").includes(".."));
  if (other !== undefined) {
    throw new GenviewTypeError(
      `Cannot run the pipeline: paths of images must be relative and without "..", for variations to mirror them, found ` +
        `${other} in ${data}; --until levels or --skip variations takes them`,
    );
  }
  checkNames(keys.map((key) => ({ key, level: 0 })), namesOf(context));
}

/** How many images get variations. */
function variedCount(
  { options: { variedImages = 0 }, images: { count } }: PipelineContext,
): number {
  return variedImages === 0 ? count : Math.min(variedImages, count);
}

/** How many images get variations; undefined if all do. */
export function variedPart(context: PipelineContext): number | undefined {
  const count = variedCount(context);
  return count < context.images.count ? count : undefined;
}

/** What training reads: the folder of the variations, or where a part of the images has some, a list of those. */
export function variationFiles(context: PipelineContext): string {
  const part = variedPart(context);
  const folder = context.folder("variations");
  return part === undefined ? folder : join(folder, `varied-${part}.txt`);
}

/** Lines of the images that get variations, with their levels. */
async function chosenLines(context: PipelineContext): Promise<string[]> {
  const { options: { schedule = GENVIEW_NOISE_SCHEDULE, seed = 0 } } = context;
  const all: { readonly path: string; readonly level: number }[] = [];
  for (const level of new Set(schedule.levels)) {
    const list = join(context.folder("levels"), `fg_ratios_${level}.txt`);
    if (await isAt(list)) all.push(...parseLevelLines(await Deno.readTextFile(list)).lines);
  }
  all.sort((a, b) => a.path < b.path ? -1 : 1);
  // The beginning of one order of all, so that a larger number adds to what a smaller one has made.
  const order = new RandomStream(seed, "varied images").permutation(all.length);
  const chosen = [...order.subarray(0, variedCount(context))].map((at) => all[at]!);
  return chosen.map(({ path, level }) => `${path} ${level}\n`);
}

/** What the variations of the images that get some are made from. */
async function inputOf(
  context: PipelineContext,
): Promise<Pick<MakeVariationsOptions, "inputList" | "auto">> {
  const part = variedPart(context);
  if (part === undefined) return { inputList: context.folder("levels"), auto: true };
  const inputList = join(context.folder("levels"), `varied_images_${part}.txt`);
  const lines = await chosenLines(context);
  await writeNewFile(inputList, lines.join(""), { overwrite: true });
  return { inputList };
}

/** Lists the variations of a part of the images, as training takes them. */
async function listPart(context: PipelineContext): Promise<void> {
  if (variedPart(context) === undefined) return;
  const chosen = new Set(
    parseLevelLines((await chosenLines(context)).join("")).lines.map(
      ({ path }) => path,
    ),
  );
  const found = await findVariations([context.folder("variations")]);
  const paths = [...found].flatMap(([source, all]) =>
    chosen.has(source) ? all.map(({ path }) => `${path}\n`) : []
  );
  await writeNewFile(variationFiles(context), paths.join(""), { overwrite: true });
}

/** Times one batch in few steps, and counts the variations. */
async function measure(context: PipelineContext): Promise<StageEstimate> {
  const { options, images: { dataset }, placement: { threads = 0 } } = context;
  const { model: found, generation } = await generationOf(context);
  const { scale, numInferenceSteps, numImagesPerPrompt } = generation;
  const steps = Math.min(MEASURED_STEPS, numInferenceSteps);
  const count = variedCount(context) * numImagesPerPrompt;
  const batchSize = await batchSizeOf(found, count, options.generationBatchSize);
  using pipeline = await openUnclip(found, { steps, guidanceScale: scale, threads, batchSize });
  const indices = uniqueIndices(dataset).slice(0, Math.ceil(batchSize / numImagesPerPrompt));
  const batch = indices.flatMap((sample) => {
    const { key, source } = dataset.sample(sample);
    return Array.from({ length: numImagesPerPrompt }, (_, index) => ({
      ...{ key, source, level: 0, index },
    }));
  }).slice(0, batchSize);
  const began = performance.now();
  const calls: number[] = [];
  let failure: Error | undefined;
  for await (
    const _ of generateVariations(pipeline, batch, {
      ...{ seed: 0, batchSize },
      onUnreadable: (error) => void (failure = error),
      onFailure: ({ key }, stage) => {
        failure = new GenviewError(networkFailure(key, key, stage, found.precision).message);
      },
      onCall: () => void calls.push(performance.now()),
    })
  );
  // The stage itself says which variations cannot be made; where the network was not called, there is no time to tell.
  if (calls.length === 0) throw failure;
  const whole = (performance.now() - began) / 1000;
  // Each further step is a further call of the network for each part of the batch.
  const call = (calls.at(-1)! - calls[0]!) / 1000 / Math.max(1, calls.length - 1);
  const step = call * calls.length / pipeline.calls;
  return {
    stage: "variations",
    unit: "variations",
    count,
    secondsEach: (whole + (numInferenceSteps - steps) * step) / batchSize,
  };
}

/** Generates the variations of every image, or of a part of them, at its level. */
export const variations: Stage = {
  name: "variations",
  needs: ["levels"],
  check,
  async settings(context) {
    const { model, generation } = await generationOf(context);
    return { ...generation, generator: model.identity };
  },
  async isThere(context) {
    if (variedPart(context) !== undefined) return await isAt(variationFiles(context));
    const found = await findVariations([context.folder("variations")]);
    // A part of the images may have had theirs before; those that could not be made are tried again.
    return found.size === context.images.count;
  },
  measure,
  async run(context) {
    const { options, control, images, names } = context;
    const { device, providerOption, threads } = options;
    const { stopped, total, made, existing, unreadable, failed } = await makeVariations({
      ...(await generationOf(context)).generation,
      model: names.generator,
      ...{ device, providerOption, threads, batchSize: options.generationBatchSize },
      ...await inputOf(context),
      inputPrefix: images.root,
      outputPrefix: context.folder("variations"),
    }, {
      signal: control.signal,
      report: (event) => control.report?.({ kind: "variations", event }),
    });
    if (!stopped) await listPart(context);
    const lacking = unreadable + failed;
    return {
      finished: !stopped,
      found: `${made + existing} of ${total} variations${
        lacking > 0 ? `; ${lacking} could not be made, whose images give both views of a pair` : ""
      }`,
    };
  },
};
