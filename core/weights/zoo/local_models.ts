/**
 * Published checkpoints on this machine: where they lie, and which of them are there.
 *
 * @module
 */
import { basename, join } from "node:path";
import { GenviewError, GenviewTypeError } from "../../errors/mod.ts";
import { ifThere } from "../../files/if_there.ts";
import { defaultHubCache } from "../hub_cache.ts";
import { findPulled } from "../pull.ts";
import { type ModelCatalog, type PublishedModel, publishedModel } from "./model_catalog.ts";

/** Where checkpoints lie. */
export interface ModelFolders {
  /** The hub's cache (default the one that the environment names). */
  readonly hubCache?: string;
  /** Folder of checkpoints that were published at an address (default {@linkcode defaultModelFolder}). */
  readonly folder?: string;
}

/**
 * The folder in which PyTorch and mmengine keep what they download, so that it is found: `hub/checkpoints` in TORCH_HOME,
 * or in `torch` of XDG_CACHE_HOME or of `~/.cache`.
 *
 * @throws {GenviewError} if the environment names none of them
 */
export function defaultModelFolder(): string {
  const { env } = Deno;
  const home = env.get("HOME") ?? env.get("USERPROFILE");
  const caches = env.get("XDG_CACHE_HOME") ?? (home && join(home, ".cache"));
  const torch = env.get("TORCH_HOME") ?? (caches && join(caches, "torch"));
  if (torch) return join(torch, "hub", "checkpoints");
  throw new GenviewError(
    "Cannot find the folder of checkpoints: TORCH_HOME, XDG_CACHE_HOME or HOME must be set, found none",
  );
}

/** What a checkpoint that was published at an address is called on this machine. */
export function fileName({ url, file }: PublishedModel): string {
  return file ?? basename(new URL(url!).pathname);
}

/**
 * Where a checkpoint that was published at an address lies, or is to be put by hand where this machine cannot reach it;
 * undefined of those on the hub, which lie in its cache.
 */
export function placeOfModel(
  model: PublishedModel,
  { folder = defaultModelFolder() }: ModelFolders = {},
): string | undefined {
  return model.url === undefined ? undefined : join(folder, fileName(model));
}

/** Finds a checkpoint on this machine; undefined if it is not there. */
export async function findModel(
  model: PublishedModel,
  folders: ModelFolders = {},
): Promise<string | undefined> {
  const { hub } = model;
  if (hub !== undefined) {
    const [found] = await findPulled(hub, [[hub.path]], folders.hubCache ?? defaultHubCache());
    return found?.file;
  }
  const place = placeOfModel(model, folders)!;
  return await ifThere(Deno.stat(place)) === undefined ? undefined : place;
}

/** A published checkpoint, and whether it is on this machine. */
export interface ListedModel {
  /** The catalogue's name. */
  readonly name: string;
  /** What the catalogue says of it. */
  readonly model: PublishedModel;
  /** Where it lies; undefined if it is not there. */
  readonly file?: string;
}

/**
 * Lists published checkpoints and which of them are on this machine, without asking their publishers.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readModelCatalog } from "./model_catalog.ts";
 * import { listModels } from "./local_models.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const listed = await listModels(["vit-s"], await readModelCatalog(), { hubCache: folder, folder });
 * assertEquals(listed.map(({ name }) => name), [
 *   "genview-mocov3-vit-s-300e",
 *   "mmpretrain-mocov3-vit-s-300e",
 *   "authors-mocov3-vit-s-300e",
 * ]);
 * await Deno.remove(folder);
 * ```
 *
 * @param words what names or methods must contain, in any case; all models if there are none
 */
export async function listModels(
  words: readonly string[],
  { models }: ModelCatalog,
  folders: ModelFolders = {},
): Promise<ListedModel[]> {
  const listed: ListedModel[] = [];
  for (const [name, model] of Object.entries(models)) {
    const text = `${name} ${model.method} ${model.publisher} ${model.backbone}`.toLowerCase();
    if (!words.every((word) => text.includes(word.toLowerCase()))) continue;
    const file = await findModel(model, folders);
    listed.push({ name, model, ...(file !== undefined && { file }) });
  }
  return listed;
}

/** A checkpoint on this machine, and what the catalogue says of it if it is one of its. */
export interface LocatedModel {
  /** The file. */
  readonly path: string;
  /** The catalogue's entry; absent for a file of one's own. */
  readonly model?: PublishedModel;
}

/** What can only be a path: one of several parts, or a file of weights. */
const PATH = /[\\/]|\.(pth|pt|tar|bin|safetensors)$/;

/**
 * The checkpoint that a name of the catalogue or a path stands for.
 *
 * @throws {TypeError} if it is neither a path of a file nor a name, or a checkpoint that has not been pulled
 */
export async function locateModel(
  name: string,
  catalog: ModelCatalog,
  folders: ModelFolders = {},
): Promise<LocatedModel> {
  if (!Object.hasOwn(catalog.models, name)) {
    if (await ifThere(Deno.stat(name)) !== undefined) return { path: name };
    if (PATH.test(name)) {
      throw new GenviewTypeError(
        `Cannot open ${name}: it must be a file of weights or a model's name, found no such file; check the path`,
      );
    }
  }
  const model = publishedModel(catalog, name);
  const path = await findModel(model, folders);
  if (path !== undefined) return { path, model };
  throw new GenviewTypeError(
    `Cannot open ${name}: it is not on this machine; run "deno task models pull ${name}"`,
  );
}
