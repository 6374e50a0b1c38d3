/**
 * Stable unCLIP as tasks are given it: which model, and how it generates.
 *
 * @module
 */
import { GenviewTypeError } from "../core/errors/mod.ts";
import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import type { Device } from "../core/engine/ort/mod.ts";
import type { PropertySchema } from "../core/schema/schema.ts";
import {
  parseScheduler,
  PublishedFolder,
  type PublishedNetwork,
  SCHEDULER_NAMES,
  type SchedulerName,
  UnclipPipeline,
} from "../core/unclip/mod.ts";
import { defaultHubCache } from "../core/weights/hub_cache.ts";
import { ifThere } from "../core/files/if_there.ts";
import { findPulled } from "../core/weights/pull.ts";
import { catalogEntry, readCatalog, variantNames, wantedFiles } from "../core/weights/catalog.ts";

/** The sentence that GenView's program hands on as the prompt. */
const GENVIEW_PROMPT = "Your custom text prompt here";

/** Options of every task that generates by Stable unCLIP. */
export const UNCLIP_OPTIONS: Readonly<Record<string, PropertySchema>> = {
  model: {
    type: "string",
    default: "stable-unclip-2-1",
    description: 'folder in diffusers\' layout, or a name that "deno task weights" knows',
  },
  numInferenceSteps: {
    type: "integer",
    minimum: 1,
    maximum: 1000,
    default: 20,
    description: "steps of the scheduler",
  },
  scale: {
    type: "number",
    minimum: 1,
    default: 10,
    description: "guidance: how far to go beyond what the network says without text and image",
  },
  prompt: { type: "string", default: "", description: "text to go to" },
  negativePrompt: { type: "string", default: "", description: "text to go away from" },
  compat: {
    type: "string",
    enum: ["none", "genview"],
    default: "none",
    description: `genview sends the placeholder that GenView does, "${GENVIEW_PROMPT}"`,
  },
  scheduler: {
    type: "string",
    enum: ["model", ...SCHEDULER_NAMES],
    default: "model",
    description: "scheduler; model is the one that it names, PNDM for Stable unCLIP 2.1",
  },
  precision: {
    type: "string",
    enum: ["auto", "float32", "float16"],
    default: "auto",
    description: "type that is computed in; auto is float16 on CUDA",
  },
  device: { type: "string", default: "auto", description: "auto, cpu, cuda, cuda:N or webgpu" },
  threads: { type: "integer", minimum: 0, default: 0, description: "threads (0: all cores)" },
};

/** What those options come to. */
export interface UnclipValues {
  readonly model: string;
  readonly numInferenceSteps: number;
  readonly scale: number;
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly compat: "none" | "genview";
  readonly scheduler: "model" | SchedulerName;
  readonly precision: "auto" | "float32" | "float16";
  readonly device: string;
  readonly threads: number;
}

/** A model that has been found, and how it generates. */
export interface UnclipChoice {
  /** Folder in diffusers' layout. */
  readonly folder: string;
  /** Tells the model from others, wherever it lies. */
  readonly identity: string;
  readonly scheduler: SchedulerName;
  readonly precision: "float32" | "float16";
  readonly device: Device;
  readonly prompt: string;
}

const NETWORKS: readonly PublishedNetwork[] = [
  "image_encoder",
  "image_normalizer",
  "text_encoder",
  "unet",
  "vae",
];

/** Bytes of a file of weights that are looked at, at its beginning, middle and end. */
const SAMPLE = 1 << 16;

/** Where `deno task weights pull` has put a set, in whichever variant. */
async function findSet(name: string, variant: string): Promise<string> {
  const entry = catalogEntry(await readCatalog(""), name);
  const variants = variantNames(entry);
  // The other precision is converted as it is loaded.
  const order = variants.includes(variant)
    ? [variant, ...variants.filter((other) => other !== variant)]
    : variants;
  for (const each of order) {
    const found = await findPulled(entry, wantedFiles(entry, each), defaultHubCache());
    const index = found.find((file) => file?.path === "model_index.json");
    if (index !== undefined && found.every((file) => file !== undefined)) {
      return dirname(index.file);
    }
  }
  throw new GenviewTypeError(
    `Cannot find the model ${name}: it is not in the cache, or not all of it; run ` +
      `"deno task weights pull ${name}", or name a folder by --model`,
  );
}

async function findModel(model: string, variant: string): Promise<string> {
  const information = await ifThere(Deno.stat(model));
  if (information === undefined) return await findSet(model, variant);
  if (information.isDirectory) return model;
  throw new GenviewTypeError(`Cannot use ${model}: a model must be a folder in diffusers' layout`);
}

/** Some bytes of a file, and its size. */
async function sampleFile(path: string): Promise<Uint8Array[]> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  const parts = [new TextEncoder().encode(String(size))];
  for (const start of [0, Math.floor(size / 2), size - SAMPLE]) {
    await file.seek(Math.max(0, start), Deno.SeekMode.Start);
    const part = new Uint8Array(SAMPLE);
    let filled = 0;
    for (let read: number | null = 0; read !== null && filled < SAMPLE; filled += read) {
      read = await file.read(part.subarray(filled));
      if (read === null) break;
    }
    parts.push(part.subarray(0, filled));
  }
  return parts;
}

/** Tells a model from others by its weights: the same on every machine, whatever its folder is called. */
async function identify(
  folder: PublishedFolder,
  precision: "float32" | "float16",
): Promise<string> {
  const hash = createHash("sha256");
  for (const network of NETWORKS) {
    const path = await folder.weights(network, precision);
    hash.update(`${network}/${basename(path)}`);
    for (const part of await sampleFile(path)) hash.update(part);
  }
  return `sha256:${hash.digest("hex").slice(0, 32)}`;
}

/**
 * Finds the model that the options name, and settles what they leave open.
 *
 * @throws {TypeError} if the model is not at hand, or options contradict each other
 */
export async function chooseUnclip(values: UnclipValues, device: Device): Promise<UnclipChoice> {
  const { compat, prompt } = values;
  if (compat === "genview" && prompt !== "") {
    throw new GenviewTypeError(
      `Cannot send "${prompt}": --compat genview has a prompt of its own, so --prompt must be left out`,
    );
  }
  const precision = values.precision !== "auto"
    ? values.precision
    : device.provider === "cuda"
    ? "float16"
    : "float32";
  const path = await findModel(values.model, precision === "float16" ? "fp16" : "fp32");
  const folder = new PublishedFolder(path);
  const use = values.scheduler === "model" ? undefined : values.scheduler;
  const file = await folder.config("scheduler", "scheduler_config.json");
  return {
    folder: path,
    identity: await identify(folder, precision),
    scheduler: parseScheduler(file, use).name,
    precision,
    device,
    prompt: compat === "genview" ? GENVIEW_PROMPT : prompt,
  };
}

/** How a choice is run. */
export interface OpenUnclipOptions {
  readonly steps: number;
  readonly scale: number;
  readonly batchSize: number;
  /** Threads on the CPU; 0 is all cores. */
  readonly threads: number;
}

/** Loads the pipeline of a choice. */
export async function openUnclip(
  { folder, scheduler, precision, device }: UnclipChoice,
  { steps, scale, batchSize, threads }: OpenUnclipOptions,
): Promise<UnclipPipeline> {
  return await UnclipPipeline.create(folder, {
    ...{ batchSize, steps, scheduler, precision, device },
    guidanceScale: scale,
    ...(threads > 0 && { threads }),
  });
}
