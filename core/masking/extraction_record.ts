/**
 * What the features of a folder were computed by and from.
 *
 * @module
 */
import { join } from "node:path";
import type { TokenNetworkChoice } from "../encoders/mod.ts";
import { GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import type { DType } from "../engine/graph/dtype.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { writeNewFile } from "../files/new_file.ts";
import { FeatureFiles } from "./feature_files.ts";

/**
 * What `extraction.json` says. Features that differ in any of these must not share a folder, except for `model` and
 * `shorterSide`, which follow from the network.
 */
export interface ExtractionRecord {
  /** Name of the network. */
  readonly network: string;
  /** Tells the network's weights from others: path, size and time of their file. */
  readonly weights: string;
  /** What the images' paths are relative to. */
  readonly images: string;
  /** Height and width of the network's images in pixels. */
  readonly imageSize: number;
  /** Length in pixels of the shorter side that images have before their middle is cut out; folders of earlier versions have none. */
  readonly shorterSide?: number;
  /** Rows and columns of an image's tokens. */
  readonly grid: readonly [rows: number, columns: number];
  /** Features of a token. */
  readonly width: number;
  /** Element type of the stored features. */
  readonly dtype: DType;
  /** Options that open the network again; folders of earlier versions have none. */
  readonly model?: TokenNetworkChoice;
}

const NAME = "extraction.json";

/** The fields that must agree, in the order of the file. */
const IDENTITY = ["network", "weights", "images", "imageSize", "grid", "width", "dtype"] as const;

/** What a folder's features are of and what is asked for, field by field where they differ. */
function differencesOf(there: ExtractionRecord, asked: ExtractionRecord): string[] {
  return IDENTITY.flatMap((field) => {
    const [before, now] = [there, asked].map((record) => JSON.stringify(record[field]));
    return before === now ? [] : [`${field} ${before} there and ${now} asked for`];
  });
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
    throw new GenviewSyntaxError(
      `Cannot read ${path}: it must be JSON, found others (${
        (cause as Error).message
      }); choose another --output-dir`,
      { cause },
    );
  }
  throw new GenviewSyntaxError(`Cannot read ${path}: it must name a network and its weights`);
}

/**
 * Checks that a folder holds no features of anything else. What an extraction that failed before its first feature says
 * does not count.
 *
 * @returns what the folder says already; undefined if it has no features yet
 * @throws {TypeError} if the folder holds features of something else
 */
export async function checkExtractionRecord(
  folder: string,
  record: ExtractionRecord,
): Promise<ExtractionRecord | undefined> {
  const before = await readExtractionRecord(folder);
  const differences = before === undefined ? [] : differencesOf(before, record);
  if (differences.length === 0) return before;
  if (await new FeatureFiles(folder).areNone()) return undefined;
  throw new GenviewTypeError(
    `Cannot extract features into ${folder}: all of a folder must be of the same network and images, found ${
      differences.join(", ")
    }; choose another --output-dir`,
  );
}

/** Writes what the features of a folder are of, before the first of them. */
export async function writeExtractionRecord(
  folder: string,
  record: ExtractionRecord,
): Promise<void> {
  const text = JSON.stringify(record, null, 2) + "\n";
  await writeNewFile(join(folder, NAME), text, { overwrite: true });
}
