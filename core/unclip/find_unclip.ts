/**
 * Where a Stable unCLIP lies that is named: a folder in diffusers' layout, a set of weights that has been pulled, or the embedded one.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import { CPU, type Device } from "../engine/ort/mod.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { catalogEntry, readCatalog, variantNames, wantedFiles } from "../weights/catalog.ts";
import { EMBEDDED, embeddedGenerator } from "../weights/embedded_generator.ts";
import { defaultHubCache } from "../weights/hub_cache.ts";
import { findPulled } from "../weights/pull.ts";
import { PublishedFolder, type PublishedNetwork } from "./published_folder.ts";
import { parseScheduler } from "./scheduler_config.ts";
import type { SchedulerName } from "./schedulers/mod.ts";

/** How a model is computed, as far as it is not left to the model and the device. */
export interface FindUnclipOptions {
  /** Where it runs (default the CPU). */
  readonly device?: Device;
  /** Type that is computed in; `auto`, the default, is float16 on CUDA and float32 elsewhere. */
  readonly precision?: "auto" | "float32" | "float16";
  /** The scheduler; `model`, the default, is the one that the folder names. */
  readonly scheduler?: "model" | SchedulerName;
  /** Folder of the hub's cache, in which names are looked up (default the one that the environment names). */
  readonly cache?: string;
}

/** A model that has been found, and how it is computed; plain data that can be handed to another process. */
export interface UnclipModel {
  /** Folder in diffusers' layout. */
  readonly folder: string;
  /** Identifies the weights, wherever they lie: a hash over parts of the files. */
  readonly identity: string;
  /** Scheduler that generates. */
  readonly scheduler: SchedulerName;
  /** Type that is computed in. */
  readonly precision: "float32" | "float16";
  /** Where it runs. */
  readonly device: Device;
}

const NETWORKS: readonly PublishedNetwork[] = [
  "image_encoder",
  "image_normalizer",
  "text_encoder",
  "unet",
  "vae",
];

/** Bytes of a file of weights that are hashed, at its beginning, middle and end. */
const SAMPLE = 1 << 16;

/** The folder of a pulled set, in the variant of the precision or, failing that, in any other. */
async function findSet(
  name: string,
  variant: string,
  cache = defaultHubCache(),
): Promise<string> {
  const entry = catalogEntry(await readCatalog(""), name);
  const variants = variantNames(entry);
  // The other precision is converted as it is loaded.
  const order = variants.includes(variant)
    ? [variant, ...variants.filter((other) => other !== variant)]
    : variants;
  for (const each of order) {
    const found = await findPulled(entry, wantedFiles(entry, each), cache);
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

async function findFolder(
  model: string,
  variant: string,
  cache: string | undefined,
): Promise<string> {
  if (model === EMBEDDED) return await embeddedGenerator();
  const information = await explainingFileErrors(`read ${model}`, ifThere(Deno.stat(model)));
  if (information === undefined) return await findSet(model, variant, cache);
  if (information.isDirectory) return model;
  throw new GenviewTypeError(`Cannot use ${model}: a model must be a folder in diffusers' layout`);
}

/** Some bytes of a file, and its size. */
async function sampleFile(path: string): Promise<Uint8Array[]> {
  using file = await explainingFileErrors(`read ${path}`, Deno.open(path));
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

/** Identifies a model by its weights: the same on every machine, whatever its folder is called. */
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
 * Finds a Stable unCLIP, and settles precision and scheduler. No network is loaded.
 *
 * @param model a folder in diffusers' layout, or a name of the catalogue, such as `stable-unclip-2-1`, whose weights have
 * been pulled
 * @throws {TypeError} if the model is neither a folder nor in the cache, or its scheduler is not supported
 * @throws {Deno.errors.NotFound} if the folder lacks a network's weights
 */
export async function findUnclip(
  model: string,
  options: FindUnclipOptions = {},
): Promise<UnclipModel> {
  const { device = CPU, scheduler = "model" } = options;
  const wanted = options.precision ?? "auto";
  const precision = wanted !== "auto" ? wanted : device.provider === "cuda" ? "float16" : "float32";
  const path = await findFolder(model, precision === "float16" ? "fp16" : "fp32", options.cache);
  const folder = new PublishedFolder(path);
  const file = await folder.config("scheduler", "scheduler_config.json");
  const { name } = parseScheduler(file, scheduler === "model" ? undefined : scheduler);
  const identity = await identify(folder, precision);
  return { folder: path, identity, scheduler: name, precision, device };
}
