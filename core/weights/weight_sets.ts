/**
 * Sets of published weights by the catalogue's names: which are on this machine, pulling them, and verifying them.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import {
  type Catalog,
  type CatalogEntry,
  catalogEntry,
  variantNames,
  wantedFiles,
} from "./catalog.ts";
import { defaultHubCache } from "./hub_cache.ts";
import { findLocal, importFiles } from "./local_files.ts";
import { openTensors } from "./open_tensors.ts";
import {
  filesToPull,
  type FileToPull,
  findPulled,
  type FoundFile,
  pullFiles,
  type PullOptions,
} from "./pull.ts";
import type { TensorFile } from "./tensor_file.ts";
import { type ExpectedFile, type TensorDifferences, verifyTensors } from "./verify_tensors.ts";

/** Which sets, and where they are looked for. */
export interface WeightsOptions {
  /** The catalogue, from {@linkcode readCatalog}. */
  readonly catalog: Catalog;
  /** Folder of the cache (default the one that the environment names). */
  readonly cache?: string;
  /** Variant of the files, such as `fp16` (default the set's first). */
  readonly variant?: string;
  /** Folder laid out as the repository, or a file, in place of the hub's files. */
  readonly from?: string;
}

/** What the cache has of one variant of a set. */
export interface CachedVariant {
  /** Name of the variant; empty if the set has none. */
  readonly variant: string;
  /** Files that the set is made of. */
  readonly wanted: number;
  /** Those of them that are in the cache. */
  readonly files: readonly FoundFile[];
}

/** A set of weights, and what the cache has of it. */
export interface ListedWeights {
  /** The catalogue's name. */
  readonly name: string;
  /** What the catalogue says of it. */
  readonly entry: CatalogEntry;
  /** Its variants. */
  readonly variants: readonly CachedVariant[];
}

/**
 * Lists sets of weights and what the cache has of them, without asking the hub.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readCatalog } from "./catalog.ts";
 * import { listWeights } from "./weight_sets.ts";
 *
 * const cache = await Deno.makeTempDir();
 * const [listed] = await listWeights(["stable-unclip-2-1"], { catalog: await readCatalog(), cache });
 * assertEquals(listed!.variants.map(({ variant, files }) => [variant, files]), [["fp32", []], ["fp16", []]]);
 * await Deno.remove(cache);
 * ```
 *
 * @param names the catalogue's names; all of them if there are none
 * @throws {TypeError} if there is no set of a name
 */
export async function listWeights(
  names: readonly string[],
  { catalog, cache = defaultHubCache() }: Pick<WeightsOptions, "catalog" | "cache">,
): Promise<ListedWeights[]> {
  const listed: ListedWeights[] = [];
  for (const name of names.length > 0 ? names : Object.keys(catalog.weights)) {
    const entry = catalogEntry(catalog, name);
    const variants: CachedVariant[] = [];
    for (const variant of variantNames(entry)) {
      const found = await findPulled(entry, wantedFiles(entry, variant), cache);
      const files = found.filter((file) => file !== undefined);
      variants.push({ variant, wanted: found.length, files });
    }
    listed.push({ name, entry, variants });
  }
  return listed;
}

/** How {@linkcode pullWeights} reaches the hub. */
export interface PullWeightsOptions
  extends WeightsOptions, Omit<PullOptions, "cache" | "endpoint"> {
  /** Address of the hub or of a mirror (default the catalogue's). */
  readonly endpoint?: string;
}

/**
 * Brings a set of weights into the cache: from the hub, where what has broken off is resumed and every file is checked, or
 * from files at hand.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { float32 } from "../engine/graph/tensor.ts";
 * import { writeSafetensors } from "./safetensors.ts";
 * import { pullWeights } from "./weight_sets.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const from = `${folder}/model.safetensors`;
 * await writeSafetensors(from, [["scale", float32([1], [2])]]);
 * const file = { component: "model", paths: ["model.safetensors"] };
 * const mine = { description: "mine", repository: "me/mine", revision: "main", files: [file] };
 * const catalog = { endpoint: "https://huggingface.co", weights: { mine } };
 *
 * const [pulled] = await pullWeights("mine", { catalog, cache: `${folder}/cache`, from });
 * assertEquals(pulled!.path, "model.safetensors");
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @param name the catalogue's name
 * @returns the files, in the catalogue's order
 * @throws {TypeError} if there is no such set or variant, or the hub refuses
 * @throws {GenviewError} if the hub does not answer
 * @throws {SyntaxError} if its answers are malformed, or a file has another checksum than it says
 */
export async function pullWeights(
  name: string,
  options: PullWeightsOptions,
): Promise<readonly FoundFile[]> {
  const { catalog, cache = defaultHubCache(), variant = "", from, endpoint, ...pulling } = options;
  const entry = catalogEntry(catalog, name);
  const wanted = wantedFiles(entry, variant);
  if (from !== undefined) return await importFiles(entry, await findLocal(from, wanted), cache);
  return await pullFiles(entry, wanted, {
    ...pulling,
    cache,
    endpoint: endpoint ?? catalog.endpoint,
  });
}

/**
 * Says what {@linkcode pullWeights} would fetch from the hub, and fetches nothing.
 *
 * @param name the catalogue's name
 * @returns the files that the cache lacks, with their sizes
 * @throws {TypeError} if there is no such set or variant, or the hub refuses
 * @throws {GenviewError} if the hub does not answer
 * @throws {SyntaxError} if its answers are malformed
 */
export async function weightsToPull(
  name: string,
  options: Omit<PullWeightsOptions, "from" | "onProgress">,
): Promise<readonly FileToPull[]> {
  const { catalog, cache = defaultHubCache(), variant = "", endpoint, ...asking } = options;
  const entry = catalogEntry(catalog, name);
  return await filesToPull(entry, wantedFiles(entry, variant), {
    ...asking,
    cache,
    endpoint: endpoint ?? catalog.endpoint,
  });
}

async function locate(name: string, options: WeightsOptions): Promise<readonly FoundFile[]> {
  const { catalog, cache = defaultHubCache(), variant = "", from } = options;
  const entry = catalogEntry(catalog, name);
  const wanted = wantedFiles(entry, variant);
  if (from !== undefined) return await findLocal(from, wanted);
  const found = await findPulled(entry, wanted, cache);
  const missing = wanted.filter((_, i) => found[i] === undefined);
  if (missing.length === 0) return found as FoundFile[];
  const option = variant === "" ? "" : ` --variant ${variant}`;
  throw new GenviewTypeError(
    `Cannot verify ${name}: ${missing.length} of its ${wanted.length} files are not in the cache, ` +
      `such as ${missing[0]![0]}; run "deno task weights pull ${name}${option}"`,
  );
}

/** Gives what a file must hold for a network of the catalogue, such as `expectedPublishedFile` of core/unclip. */
export type ExpectFile = (network: string, file: TensorFile) => Promise<ExpectedFile>;

/** How {@linkcode verifyWeights} compares. */
export interface VerifyWeightsOptions extends WeightsOptions {
  /** What a file must hold for a network. */
  readonly expect: ExpectFile;
  /** Name of a CLIP model's weights, where they are others of the model than the catalogue's. */
  readonly trainingData?: string;
}

/** A file of weights that was compared with its network. */
export interface VerifiedFile {
  /** Where it lies. */
  readonly path: string;
  /** Tensors that it holds. */
  readonly tensors: number;
  /** The network that it is for, and how it differs; undefined if nothing says which tensors it must hold. */
  readonly compared?: {
    /** Name of the network. */
    readonly network: string;
    /** Tensors of the network. */
    readonly expected: number;
    /** How the file differs. */
    readonly differences: TensorDifferences;
  };
}

/**
 * Compares names and shapes of a set's tensors with those that its networks need; no data is read.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { float32 } from "../engine/graph/tensor.ts";
 * import { writeSafetensors } from "./safetensors.ts";
 * import { verifyWeights } from "./weight_sets.ts";
 *
 * const from = await Deno.makeTempFile({ suffix: ".safetensors" });
 * await writeSafetensors(from, [["scale", float32([1], [2])]], { overwrite: true });
 * const file = { component: "model", paths: ["model.safetensors"], network: "mine" };
 * const mine = { description: "mine", repository: "me/mine", revision: "main", files: [file] };
 * const catalog = { endpoint: "https://huggingface.co", weights: { mine } };
 * const tensors = new Map([["scale", { shape: [3] }]]);
 * const expect = () => Promise.resolve({ tensors, belongs: () => true });
 *
 * const [verified] = await verifyWeights("mine", { catalog, from, expect });
 * assertEquals(verified!.compared?.differences.misshapen, [{ name: "scale", expected: [3], found: [1] }]);
 * await Deno.remove(from);
 * ```
 *
 * @param name the catalogue's name
 * @returns the files that hold tensors
 * @throws {TypeError} if there is no such set, a file of it is not in the cache, or a network is not known
 * @throws {SyntaxError} if a file breaks a rule of its format
 */
export async function verifyWeights(
  name: string,
  { expect, trainingData, ...options }: VerifyWeightsOptions,
): Promise<VerifiedFile[]> {
  const { files } = catalogEntry(options.catalog, name);
  const verified: VerifiedFile[] = [];
  for (const [i, { path, file }] of (await locate(name, options)).entries()) {
    if (!/\.(safetensors|bin|pth|pt)$/.test(path)) continue;
    using opened = await openTensors(file);
    const published = files[i]!.network;
    const network = trainingData === undefined
      ? published
      : published?.replace(/^(?!unclip\/)([^/]+)\/.*$/, `$1/${trainingData}`);
    const held = { path: file, tensors: opened.names.length };
    if (network === undefined) {
      verified.push(held);
      continue;
    }
    const { tensors, belongs } = await expect(network, opened);
    const differences = verifyTensors(tensors, opened, belongs);
    verified.push({ ...held, compared: { network, expected: tensors.size, differences } });
  }
  return verified;
}
