/**
 * What the stages of one run of the pipeline share: images, networks, device and places.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Dataset, findShards, openData, type Sample, uniqueIndices } from "../data/mod.ts";
import { openRankPlacement } from "../distributed/mod.ts";
import { openTokenNetwork, type TokenNetwork, type TokenNetworkChoice } from "../encoders/mod.ts";
import type { Device, Placement } from "../engine/ort/mod.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import { type NamedRun, type ResolvedRun, resolveRun } from "../train/run/resolve_run.ts";
import type { StageName } from "./choose_stages.ts";
import { type NetworkNames, networkNames } from "./network_names.ts";
import type { PipelineControl, PipelineOptions } from "./pipeline_options.ts";

/** A network that makes tokens, what it was opened by, and the folder of its features. */
export interface FeatureNetwork {
  readonly choice: TokenNetworkChoice;
  readonly network: TokenNetwork;
  /** Folder that holds a folder of the network's name. */
  readonly folder: string;
}

/** The networks that features are extracted by. */
export interface FeatureNetworks {
  /** The one that finds the foreground of images. */
  readonly masks: FeatureNetwork;
  /** The one that weighs pairs, which may be the same; undefined if none does. */
  readonly quality: FeatureNetwork | undefined;
}

/** Images, as stages compare and find them. */
export interface PipelineImages {
  readonly dataset: Dataset;
  /** Folder that their paths are relative to, or the name of the shards that hold them. */
  readonly root: string;
  /** How many different ones there are. */
  readonly count: number;
  /** SHA-256 of their paths. */
  readonly digest: string;
}

/** What the stages of one run share. */
export interface PipelineContext {
  readonly options: PipelineOptions;
  readonly control: PipelineControl;
  readonly images: PipelineImages;
  readonly names: NetworkNames;
  readonly device: Device;
  readonly placement: Placement;
  /** What pretraining is asked for by name, but for what stages leave: variations and component. */
  readonly named: NamedRun;
  /** Its method and whole configuration. */
  readonly run: ResolvedRun;
  /** Stages whose files later ones may read: those that are run and those that are done. */
  readonly present: ReadonlySet<StageName>;
  /** The networks of features, opened when they are first asked for. */
  networks(): Promise<FeatureNetworks>;
  /** The folder of a stage. */
  folder(stage: StageName): string;
}

/** Where the images' paths begin. A list's may lie beside it, and a file's name tells where. */
async function rootOf(data: string, { key, source }: Sample): Promise<string> {
  return await findShards(data) === undefined ? source.name.slice(0, -(key.length + 1)) : data;
}

async function openImages(data: string): Promise<PipelineImages> {
  const dataset = await openData(data);
  const first = dataset.sample(0);
  if (first.source.kind === "rendered") {
    throw new GenviewTypeError(
      `Cannot run the pipeline: --data must be a folder of images, a list of them or shards, found ${data}, whose images ` +
        "are drawn when they are needed",
    );
  }
  const keys = uniqueIndices(dataset).map((index) => dataset.sample(index).key);
  const hash = createHash("sha256");
  for (const key of keys) hash.update(`${key}\n`);
  return {
    dataset,
    root: await rootOf(data, first),
    count: keys.length,
    digest: hash.digest("hex"),
  };
}

async function openNetworks(
  { model, tokenImageSize, quality, qualityImageSize }: NetworkNames,
  folder: string,
): Promise<FeatureNetworks> {
  const open = async (choice: TokenNetworkChoice, place: string): Promise<FeatureNetwork> => ({
    ...{ choice, network: await openTokenNetwork(choice), folder: join(folder, place) },
  });
  const masks = await open({ model, imageSize: tokenImageSize }, "masks");
  if (quality === "") return { masks, quality: undefined };
  const size = qualityImageSize || (quality === model ? tokenImageSize : 0);
  const isSame = quality === model && size === tokenImageSize;
  return {
    masks,
    quality: isSame ? masks : await open({ model: quality, imageSize: size }, "quality"),
  };
}

/** The run of pretraining that is asked for, by a preset that fits the networks. */
function namedRun(options: PipelineOptions): NamedRun {
  const { method, config, published = false, configuration, data, seed = 0, threads = 0 } = options;
  const preset = options.preset ?? (published || config !== undefined ? "" : "cifar");
  const { device = "auto", providerOption = [] } = options;
  return {
    ...(method && { method }),
    ...(config && { config }),
    ...(preset && { preset }),
    configuration: { ...configuration, data, seed, device, providerOption, threads },
  };
}

/**
 * Opens what the stages share. Networks are opened later, when their weights have been pulled.
 *
 * @param present stages whose files may be read
 * @throws {TypeError} if images, method or configuration cannot be had
 */
export async function openContext(
  options: PipelineOptions,
  control: PipelineControl,
  present: ReadonlySet<StageName>,
): Promise<PipelineContext> {
  const images = await openImages(options.data);
  const named = namedRun(options);
  const run = await resolveRun(named, control);
  const names = networkNames(options, run.configuration);
  const { device = "auto", providerOption = [], threads = 0 } = options;
  const placement = await openRankPlacement({ device, providerOption, threads }, undefined);
  const folder = (stage: StageName) => join(options.output, FOLDERS[stage]);
  let networks: Promise<FeatureNetworks> | undefined;
  return {
    ...{
      options,
      control,
      images,
      names,
      named,
      run,
      placement,
      device: placement.device,
      present,
    },
    networks: () => networks ??= openNetworks(names, folder("features")),
    folder,
  };
}

/** Folders of the stages; an evaluation writes into that of the run. */
const FOLDERS: Readonly<Record<StageName, string>> = {
  features: "features",
  ratios: "ratios",
  levels: "levels",
  variations: "variations",
  pretraining: "run",
  evaluation: "run",
  report: "report",
};
