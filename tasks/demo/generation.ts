/**
 * The demo's stages before pretraining: what is foreground, noise levels and variations, by the pipeline. They are the
 * same for every seed, and are kept, so that another demo in the folder has them already.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { emojiPath } from "../../core/data/emoji/mod.ts";
import { spreadSamples } from "../../core/data/mod.ts";
import { openTokenNetwork } from "../../core/encoders/open_token_network.ts";
import type { TokenNetwork } from "../../core/encoders/token_encoder.ts";
import { openDevice } from "../../core/engine/ort/mod.ts";
import { ifThere } from "../../core/files/if_there.ts";
import { readJson } from "../../core/files/json.ts";
import { writeNewFile } from "../../core/files/new_file.ts";
import { validate } from "../../core/schema/validate.ts";
import { type PipelineEvent, runPipeline } from "../../core/pipeline/mod.ts";
import { defaultBatchSize, findVariations, makeVariationGrid } from "../../core/variations/mod.ts";
import { findUnclip } from "../../core/unclip/mod.ts";
import { bundledMethods } from "../../plugins/mod.ts";
import { PipelineDisplay } from "../cli/pipeline_display.ts";
import type { DemoImages } from "./images.ts";

/** How variations are asked for. */
export interface GenerationOptions {
  /** Folder of the demo. */
  readonly output: string;
  /** Folder of a generator, or `embedded`. */
  readonly generator: string;
  /** Network of masks and weights; the generator's image encoder when empty. */
  readonly model: string;
  /** Height and width of that network's images; its own when 0. */
  readonly modelSize: number;
  /** Steps of the scheduler. */
  readonly steps: number;
  /** Images that get variations: as many as fit when undefined. */
  readonly variedImages: number | undefined;
  readonly device: string;
  readonly providerOption: readonly string[];
  /** Threads on the CPU; one for each core when 0. */
  readonly threads: number;
}

/** What the stages have left. */
export interface Generated {
  /** Folder of the stages. */
  readonly folder: string;
  /** The network of masks and weights, by what it is opened by, and the folder of its features. */
  readonly network: TokenNetwork;
  readonly model: string;
  readonly features: string;
  /** What training takes the variations from. */
  readonly variations: string;
  /** Images that have some. */
  readonly variedImages: number;
  /** Picture of some images at each level. */
  readonly levels: string;
}

/** Seconds that variations may take on two cores, where nobody says how many there are to be. */
const SECONDS = 110;

/** Variations whose time is taken, at least. */
const TIMED = 16;

/** Batches of them, of which all but the first are timed. */
const TIMED_BATCHES = 2;

/** What `variations.json` keeps, so that a demo which is resumed makes as many. */
interface Decision {
  readonly variedImages: number;
  /** Seconds of each, as measured. */
  readonly secondsEach?: number;
}

const DECISION = {
  type: "object",
  required: ["variedImages"],
  properties: { variedImages: { type: "integer", minimum: 1 } },
};

/** Images that are shown at each level. */
const SHOWN = 6;

/** What all runs of the pipeline share. */
function pipelineOptions(options: GenerationOptions, images: DemoImages) {
  const { generator, device, providerOption, threads, modelSize, steps } = options;
  return {
    ...{ data: images.folder, output: join(options.output, "genview"), generator },
    model: modelOf(options),
    tokenImageSize: modelSize,
    ...{ device, providerOption, threads, numInferenceSteps: steps, estimate: false },
    until: "variations",
  } as const;
}

function modelOf({ generator, model }: GenerationOptions): string {
  if (model !== "") return model;
  return generator === "embedded" ? generator : join(generator, "image_encoder");
}

/** Runs the stages, and takes the time of a variation; undefined if it was stopped. */
async function runStages(
  options: GenerationOptions,
  images: DemoImages,
  variedImages: number,
  signal: AbortSignal,
): Promise<{ readonly secondsEach: number | undefined } | undefined> {
  using display = new PipelineDisplay();
  const progress: { readonly made: number; readonly at: number }[] = [];
  const report = (event: PipelineEvent) => {
    display.show(event);
    if (event.kind !== "variations" || event.event.kind !== "progress") return;
    progress.push({ made: event.event.made, at: performance.now() });
  };
  const { finished } = await runPipeline(
    { ...pipelineOptions(options, images), variedImages },
    { methods: bundledMethods, signal, report },
  );
  if (!finished) return undefined;
  const [first, last] = [progress[0], progress.at(-1)];
  const made = (last?.made ?? 0) - (first?.made ?? 0);
  return { secondsEach: made === 0 ? undefined : (last!.at - first!.at) / 1000 / made };
}

/** How many variations are made to take their time. */
async function timedCount(
  { generator, device, providerOption }: GenerationOptions,
): Promise<number> {
  const model = await findUnclip(generator, { device: await openDevice(device, providerOption) });
  const batchSize = await defaultBatchSize(model);
  return Math.max(TIMED, TIMED_BATCHES * batchSize);
}

/** How many images get variations, decided once by the time that the first few take; undefined if it was stopped. */
async function decide(
  options: GenerationOptions,
  images: DemoImages,
  signal: AbortSignal,
): Promise<number | undefined> {
  const all = images.rendered.length;
  if (options.variedImages !== undefined) return Math.min(options.variedImages, all);
  const path = join(options.output, "variations.json");
  const known = await ifThere(readJson(path));
  if (known !== undefined) {
    const decision = validate<Decision>(
      DECISION,
      known,
      `read ${path}`,
      "the number of variations",
    );
    return decision.variedImages;
  }
  const folder = join(pipelineOptions(options, images).output, "variations");
  const made = existsSync(folder) ? (await findVariations([folder])).size : 0;
  const timed = Math.min(all, made + await timedCount(options));
  const stages = await runStages(options, images, timed, signal);
  if (stages === undefined) return undefined;
  const { secondsEach } = stages;
  const fitting = secondsEach === undefined ? timed : Math.floor(SECONDS / secondsEach);
  const variedImages = Math.max(timed, Math.min(all, fitting));
  const decision: Decision = { variedImages, ...(secondsEach !== undefined && { secondsEach }) };
  await writeNewFile(path, `${JSON.stringify(decision, null, 2)}\n`);
  return variedImages;
}

/** Draws some images at each level, unless the picture is there; false if it was stopped. */
async function drawLevels(
  options: GenerationOptions,
  images: DemoImages,
  output: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (await ifThere(Deno.stat(output)) !== undefined) return true;
  const { rendered } = images;
  const indices = Array.from({ length: rendered.length }, (_, i) => i);
  const shown = spreadSamples(rendered, indices, SHOWN);
  const inputList = join(options.output, "shown.txt");
  const lines = shown.map((index) => `${emojiPath(rendered, index)}\n`).join("");
  await writeNewFile(inputList, lines, { overwrite: true });
  const { generator: model, device, providerOption, threads, steps } = options;
  using display = new PipelineDisplay();
  display.note("some images at each noise level:");
  await makeVariationGrid({
    ...{ output, inputList, inputPrefix: images.folder, model, device, providerOption },
    ...{ threads, numInferenceSteps: steps, count: SHOWN, cell: 96 },
  }, { signal, report: (event) => display.show({ kind: "variations", event }) });
  return !signal.aborted;
}

/** Runs the pipeline up to the variations, or what is left of that; undefined if it was stopped. */
export async function generate(
  options: GenerationOptions,
  images: DemoImages,
  signal: AbortSignal,
): Promise<Generated | undefined> {
  const variedImages = await decide(options, images, signal);
  if (variedImages === undefined) return undefined;
  if (await runStages(options, images, variedImages, signal) === undefined) return undefined;
  const folder = pipelineOptions(options, images).output;
  const levels = join(options.output, "levels.png");
  if (!await drawLevels(options, images, levels, signal)) return undefined;
  const model = modelOf(options);
  const network = await openTokenNetwork({ model, imageSize: options.modelSize });
  const all = join(folder, "variations");
  return {
    ...{ folder, network, model, variedImages, levels },
    features: join(folder, "features", "masks", network.name),
    variations: variedImages < images.rendered.length
      ? join(all, `varied-${variedImages}.txt`)
      : all,
  };
}
