/**
 * The training of a generator by names: of a configuration's file, of data, and of what it starts from.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { openData } from "../../data/open_data.ts";
import { openDevice } from "../../engine/ort/mod.ts";
import { GenviewAlreadyExists, GenviewNotFound, GenviewTypeError } from "../../errors/mod.ts";
import { explainingFileErrors } from "../../files/file_error.ts";
import { ifThere } from "../../files/if_there.ts";
import { readJson } from "../../files/json.ts";
import {
  EMBEDDED,
  embeddedGenerator,
  embeddedImageEncoder,
} from "../../weights/embedded_generator.ts";
import { findUnclip } from "../find_unclip.ts";
import { PublishedFolder } from "../published_folder.ts";
import { checkpointOf, exportedEncoderFolder } from "./exported_encoder.ts";
import { AUTOENCODER, frozenParts } from "./frozen_parts.ts";
import { type GeneratorConfiguration, generatorConfiguration } from "./generator_configuration.ts";
import { FINE_TUNING_RATE } from "./generator_schema.ts";
import { trainedImageSize } from "./published_parts.ts";
import { generatorSamples } from "./samples.ts";
import type { StageEvent } from "./stage_event.ts";
import { type TrainedGenerator, trainGenerator } from "./train_generator.ts";

/** Options of a configuration, of which those of a stage may be given in part. */
export type GivenConfiguration = {
  readonly [Name in keyof GeneratorConfiguration]?: GeneratorConfiguration[Name] extends
    readonly unknown[] | string | number ? GeneratorConfiguration[Name]
    : Partial<GeneratorConfiguration[Name]>;
};

/** What is trained, by names. */
export interface RunGeneratorOptions {
  /** JSON file of a configuration (default none; of a run that is resumed, its own). */
  readonly config?: string | undefined;
  /** Options that win over the file's. */
  readonly configuration?: GivenConfiguration | undefined;
  /** Folder of the run. */
  readonly output: string;
  /** Goes on with the run in that folder (default false). */
  readonly resume?: boolean | undefined;
  /** Generator to fine-tune: `embedded`, a folder or a name of the catalogue (default none, and a run's own on a resume). */
  readonly from?: string | undefined;
  /** Whether samples are drawn after epochs (default true). */
  readonly samples?: boolean | undefined;
  /** `auto`, `cpu`, `cuda`, `cuda:N` or `webgpu` (default `auto`). */
  readonly device?: string | undefined;
  /** Options of its execution provider, each as `NAME=VALUE` (default none). */
  readonly providerOption?: readonly string[] | undefined;
  /** Threads on the CPU; all cores when 0 (default). */
  readonly threads?: number | undefined;
  /** Replicas of a network that share the threads in training (default 1). */
  readonly replicas?: number | undefined;
  /** Minutes between checkpoints (default 5); 0 saves one after each step. */
  readonly checkpointMinutes?: number | undefined;
  /** Stops the run after the present step, with a checkpoint. */
  readonly signal?: AbortSignal | undefined;
  /** Takes what happens. */
  readonly report?: ((event: StageEvent) => void) | undefined;
}

type Entries = Readonly<Record<string, unknown>>;

/** Entries of two objects, those of the second winning, and those of objects within them likewise. */
function joined(base: Entries, over: Entries): Entries {
  const isObject = (value: unknown): value is Entries =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const entries = Object.entries(over).map(([name, value]) => {
    const before = base[name];
    return [name, isObject(before) && isObject(value) ? joined(before, value) : value] as const;
  });
  return { ...base, ...Object.fromEntries(entries) };
}

/** The configuration of a run as its folder has it. */
export interface RecordedGeneratorRun {
  /** Folder of the generator that it was fine-tuned from. */
  readonly from?: string;
  /** Options as they were recorded, not checked yet. */
  readonly configuration: Readonly<Record<string, unknown>>;
}

/** File of a run's configuration. */
export function configurationFile(output: string): string {
  return join(output, "configuration.json");
}

/**
 * The configuration of a run, and what it was fine-tuned from, as its folder has them.
 *
 * @throws {Deno.errors.NotFound} if the folder holds no run
 * @throws {SyntaxError} if the file is damaged
 */
export async function readGeneratorRun(output: string): Promise<RecordedGeneratorRun> {
  const { from, ...configuration } = await readJson(configurationFile(output)) as Entries;
  return { configuration, ...(typeof from === "string" && { from }) };
}

/** The folder of what is named: the embedded generator, a folder, or a set that has been pulled. */
async function folderOf(
  name: string,
  what: "generator" | "image encoder",
): Promise<string> {
  if (name === EMBEDDED) {
    return what === "generator" ? await embeddedGenerator() : dirname(await embeddedImageEncoder());
  }
  const found = await ifThere(explainingFileErrors(`read ${name}`, Deno.stat(name)));
  return found?.isDirectory ? name : (await findUnclip(name)).folder;
}

/**
 * A configuration whose image encoder is named by its folder: one that is exported from a run by the run's newest checkpoint, so
 * that what is exported does not depend on when it is.
 */
async function settleEncoder(
  configuration: GeneratorConfiguration,
): Promise<GeneratorConfiguration> {
  const folder = await folderOf(configuration.imageEncoder, "image encoder");
  const checkpoint = await checkpointOf(folder);
  if (checkpoint === undefined) {
    if (configuration.projection === undefined) return { ...configuration, imageEncoder: folder };
    throw new GenviewTypeError(
      `Cannot train a generator: an embedding is chosen for image encoders that are exported from a run, found that of ${folder}`,
    );
  }
  const { projection = {} } = configuration;
  const settled = { ...configuration, imageEncoder: checkpoint, projection };
  return generatorConfiguration(settled, "the configuration");
}

/** What fine-tuning takes from the generator that it starts from, and how fast it learns, where a configuration leaves it out. */
async function fineTuningDefaults(folder: string): Promise<GivenConfiguration> {
  return {
    imageEncoder: folder,
    imageSize: await trainedImageSize(new PublishedFolder(folder)),
    frozen: [AUTOENCODER],
    autoencoder: { learningRate: FINE_TUNING_RATE },
    unet: { learningRate: FINE_TUNING_RATE },
  };
}

/** What a run has been given, before its defaults. */
async function settle(
  { config, configuration = {}, output, resume = false, from }: RunGeneratorOptions,
): Promise<{ readonly configuration: GeneratorConfiguration; readonly from: string | undefined }> {
  const there = await ifThere(Deno.stat(configurationFile(output)));
  if (there !== undefined && !resume) {
    throw new GenviewAlreadyExists(
      `Cannot train a generator in ${output}: it holds a run; resume it by --resume, or choose another folder`,
    );
  }
  if (there === undefined && resume) {
    throw new GenviewNotFound(`Cannot resume ${output}: it holds no run of a generator`);
  }
  const recorded = resume ? await readGeneratorRun(output) : undefined;
  const read = config ? await readJson(config) as Entries : {};
  const base = joined(recorded?.configuration ?? {}, read);
  const name = config || configurationFile(output);
  const named = from ?? recorded?.from;
  const start = named === undefined ? undefined : await folderOf(named, "generator");
  const defaults = start === undefined || recorded !== undefined
    ? {}
    : await fineTuningDefaults(start);
  const settled = generatorConfiguration(joined(joined(defaults, base), configuration), name);
  if (start === undefined && settled.frozen.length > 0) {
    throw new GenviewTypeError(
      `Cannot freeze ${
        settled.frozen.join(", ")
      }: a generator that is trained from scratch has no parts that stay as ` +
        "they are; fine-tune one, or leave it out",
    );
  }
  // Of a run that goes on, nothing needs to be there any more that its image encoder was exported from.
  const isExported = recorded?.configuration["imageEncoder"] === settled.imageEncoder &&
    await ifThere(Deno.stat(exportedEncoderFolder(output))) !== undefined;
  return { configuration: isExported ? settled : await settleEncoder(settled), from: start };
}

/**
 * Trains a generator, or fine-tunes one, by names; draws samples after epochs; goes on with a run by its folder alone.
 *
 * @throws {TypeError} if the configuration does not meet its schema, or is another one than that of the run that is resumed
 * @throws {Deno.errors.AlreadyExists} if the folder holds a run and it is not to be resumed
 * @throws {Deno.errors.NotFound} if there is no run to resume, or what is named is not there
 * @throws what `trainGenerator` throws
 */
export async function runGenerator(options: RunGeneratorOptions): Promise<TrainedGenerator> {
  const { output, resume = false, samples = true, threads = 0, replicas = 1 } = options;
  const { checkpointMinutes, signal, report } = options;
  const { configuration, from } = await settle(options);
  const { data, seed, imageEncoder } = configuration;
  const device = await openDevice(options.device ?? "auto", options.providerOption);
  const placement = { device, threads };
  const dataset = await openData(data, { seed, redraw: true });
  const measures = samples && generatorSamples({ configuration, dataset, output, placement });
  return await trainGenerator({
    ...{ configuration, dataset, imageEncoder, output, resume, placement, replicas },
    ...(from !== undefined && { from, ...await frozenParts(configuration.frozen, from) }),
    ...(measures && { measures }),
    ...(checkpointMinutes !== undefined && { checkpointMinutes }),
    ...(signal && { signal }),
    ...(report && { report }),
  });
}
