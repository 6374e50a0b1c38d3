/**
 * What the features of a folder were computed by and from.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import type { DType } from "../engine/graph/dtype.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { writeNewFile } from "../files/new_file.ts";

/** Options that open a network by name, such as `{ model: "ViT-H-14", trainingData: "laion2b_s32b_b79k" }`. */
export type NetworkOptions = Readonly<Record<string, string | number>>;

/** What `extraction.json` says. Features that differ in any of these must not share a folder, except for `model`. */
export interface ExtractionRecord {
  /** Name of the network. */
  readonly network: string;
  /** Tells the network's weights from others: path, size and time of their file. */
  readonly weights: string;
  /** What the images' paths are relative to. */
  readonly images: string;
  /** Height and width of the network's images in pixels. */
  readonly imageSize: number;
  /** Rows and columns of an image's tokens. */
  readonly grid: readonly [rows: number, columns: number];
  /** Features of a token. */
  readonly width: number;
  /** Element type of the stored features. */
  readonly dtype: DType;
  /** Options that open the network again; folders of earlier versions have none. */
  readonly model?: NetworkOptions;
}

const NAME = "extraction.json";

/** The fields that must agree, in the order of the file. */
function identityOf(
  { network, weights, images, imageSize, grid, width, dtype }: ExtractionRecord,
): string {
  return JSON.stringify({ network, weights, images, imageSize, grid, width, dtype });
}

/**
 * Reads what the features of a folder are of; undefined if the folder has none.
 *
 * @throws {SyntaxError} if `extraction.json` is malformed
 */
export async function readExtractionRecord(folder: string): Promise<ExtractionRecord | undefined> {
  const path = join(folder, NAME);
  const text = await explainingFileErrors(`read ${path}`, ifThere(Deno.readTextFile(path)));
  if (text === undefined) return undefined;
  try {
    const record = JSON.parse(text);
    if (typeof record?.network === "string" && typeof record.weights === "string") return record;
  } catch (cause) {
    throw new GenviewSyntaxError(`Cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
  throw new GenviewSyntaxError(`Cannot read ${path}: it must name a network and its weights`);
}

/**
 * Checks that a folder holds no features of anything else.
 *
 * @returns what the folder says already; undefined if it has no features yet
 * @throws {TypeError} if the folder holds features of something else
 */
export async function checkExtractionRecord(
  folder: string,
  record: ExtractionRecord,
): Promise<ExtractionRecord | undefined> {
  const before = await readExtractionRecord(folder);
  if (before === undefined || identityOf(before) === identityOf(record)) return before;
  throw new GenviewTypeError(
    `Cannot extract features into ${folder}: it holds others (${join(folder, NAME)}); choose ` +
      `another --output-dir.\nThere: ${identityOf(before)}\nAsked for: ${identityOf(record)}`,
  );
}

/** Writes what the features of a folder are of, before the first of them. */
export async function writeExtractionRecord(
  folder: string,
  record: ExtractionRecord,
): Promise<void> {
  await writeNewFile(join(folder, NAME), JSON.stringify(record, null, 2) + "\n");
}

/** What opened a network: options of which those that tell its weights and images are kept. */
export interface OpenedBy {
  /** Name, file or folder of a run. */
  readonly model: string;
  /** Name of a CLIP model's weights. */
  readonly trainingData?: string;
  /** File with a CLIP model's weights. */
  readonly weights?: string;
  /** Name of an exported file's network. */
  readonly backbone?: string;
  /** Height and width of the images in pixels. */
  readonly imageSize?: number;
  /** Statistics of the images. */
  readonly normalize?: string;
}

/**
 * The options to keep of those that opened a network, so that it can be opened again from another folder, and after a
 * run has gone on: paths are absolute, and a run's folder becomes that of the checkpoint.
 *
 * @param weightsFile the file that the network's weights were read from
 */
export async function networkOptionsOf(
  { model, trainingData = "", weights = "", backbone = "", imageSize = 0, normalize = "auto" }:
    OpenedBy,
  weightsFile: string | undefined,
): Promise<NetworkOptions> {
  const absolute = async (path: string) =>
    await explainingFileErrors(`read ${path}`, ifThere(Deno.realPath(path))) ?? path;
  const found = await explainingFileErrors(`read ${model}`, ifThere(Deno.stat(model)));
  const place = found?.isDirectory && weightsFile !== undefined ? dirname(weightsFile) : model;
  return {
    model: await absolute(place),
    trainingData,
    weights: weights === "" ? "" : await absolute(weights),
    backbone,
    imageSize,
    normalize,
  };
}

/**
 * The options that open the network of a record again. For folders of earlier versions, which have none, it is opened
 * by the file of its weights.
 */
export function recordedNetworkOptions(
  { model, weights, imageSize }: ExtractionRecord,
): NetworkOptions {
  if (model !== undefined) return model;
  const file = weights.replace(/, \d+ bytes, \S+$/, "");
  return { model: file.replace(/\/model\.safetensors$/, ""), imageSize };
}
