/**
 * Scores of the tokens of an analysis of masks, from the features and the component that it has left.
 *
 * @module
 */
import { join } from "node:path";
import { GenviewNotFound, GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import { explainingFileErrors } from "../../files/file_error.ts";
import { FeatureFiles, keyOfMirrored, readComponent, tokenScores } from "../../masking/mod.ts";
import { validate } from "../../schema/validate.ts";
import { below, plainFile } from "../confined_files.ts";
import type { StudioContext } from "../studio_context.ts";
import { readJsonBelow } from "./output_folder.ts";

/** What is known of an analysis. */
export interface RecordedAnalysis {
  /** Its folder. */
  readonly folder: string;
  /** Tokens with greater scores are foreground. */
  readonly threshold: number;
  /** Rows and columns of an image's tokens. */
  readonly grid: readonly [number, number];
  /** Features of a token. */
  readonly width: number;
  /** Height and width of the network's images, in pixels. */
  readonly imageSize: number;
  /** Their shorter side before they are cut. */
  readonly shorterSide: number;
  /** Where the images lie. */
  readonly images: string;
  /** Principal component, `[width]`. */
  readonly component: Float32Array;
}

/** Images whose names are gone through, at most. */
const MOST_IMAGES = 200_000;

/** Bytes of a file of features, at most. */
const MOST_BYTES = 256 << 20;

const SIZE = { type: "integer", minimum: 1, maximum: 2048 };

const EXTRACTION = {
  type: "object",
  required: ["images", "imageSize", "width"],
  properties: {
    images: { type: "string" },
    imageSize: SIZE,
    shorterSide: SIZE,
    width: { type: "integer", minimum: 1, maximum: 65536 },
  },
} as const;

const THRESHOLD = {
  type: "object",
  required: ["threshold", "grid"],
  properties: {
    threshold: { type: "number" },
    grid: { type: "array", minItems: 2, maxItems: 2, items: SIZE },
  },
} as const;

/**
 * Opens an analysis.
 *
 * @param analysis its folder, as a path below the root
 * @throws {TypeError} if its files are of another form, or do not fit together
 * @throws {Deno.errors.NotFound} if one is missing
 */
export async function openAnalysis(
  context: Pick<StudioContext, "resolve">,
  analysis: string,
): Promise<RecordedAnalysis> {
  const read = async <T extends object>(name: string, schema: object): Promise<T> => {
    const found = await readJsonBelow(context, below(analysis, name));
    if (found !== undefined) return validate<T>(schema, found, `read ${name} of ${analysis}`, name);
    throw new GenviewNotFound(`Cannot show masks of ${analysis}: it must hold ${name}, found none`);
  };
  const extraction = await read<Omit<RecordedAnalysis, "threshold" | "grid" | "component">>(
    "extraction.json",
    EXTRACTION,
  );
  const { threshold, grid } = await read<RecordedAnalysis>("threshold.json", THRESHOLD);
  const componentFile = await plainFile(context, below(analysis, "eigenvectors/pca_vectors.npy"));
  if (componentFile === undefined) {
    throw new GenviewNotFound(
      `Cannot show masks of ${analysis}: it must hold eigenvectors/pca_vectors.npy, found none`,
    );
  }
  const component = await readComponent(componentFile);
  if (component.length !== extraction.width) {
    throw new GenviewTypeError(
      `Cannot show masks of ${analysis}: the component must have the features' ${extraction.width} coordinates, found ` +
        component.length,
    );
  }
  const { imageSize, shorterSide = imageSize, width, images } = extraction;
  return {
    folder: await context.resolve(analysis),
    ...{ threshold, grid, width, imageSize, shorterSide, images, component },
  };
}

/** Keys of images that have features, folder by folder; links are not followed. */
async function* storedKeys(folder: string, prefix = ""): AsyncGenerator<string> {
  const entries = await explainingFileErrors(
    `list ${folder}`,
    Array.fromAsync(Deno.readDir(folder)),
  );
  for (const { name, isDirectory, isFile } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (isDirectory) yield* storedKeys(join(folder, name), `${prefix}${name}/`);
    else if (isFile && name.endsWith(".npy")) {
      yield keyOfMirrored(`${prefix}${name.slice(0, -".npy".length)}`);
    }
  }
}

/**
 * Keys of the images that an analysis has features of, at most 200,000.
 *
 * @throws {Deno.errors.NotFound} if there are none
 */
export async function analysedKeys({ folder }: RecordedAnalysis): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of storedKeys(join(folder, "features"))) {
    keys.push(key);
    if (keys.length === MOST_IMAGES) break;
  }
  if (keys.length > 0) return keys;
  throw new GenviewNotFound(
    `Cannot show masks of ${folder}: it must hold features, found none; run the stage features again`,
  );
}

/**
 * Scores of an image's tokens, row by row.
 *
 * @throws {TypeError} if its file holds other features
 */
export async function scoresOf(
  { folder, grid, width, component }: RecordedAnalysis,
  key: string,
): Promise<Float32Array> {
  const files = new FeatureFiles(folder);
  const path = files.path(key);
  const { size } = await explainingFileErrors(`read ${path}`, Deno.stat(path));
  if (size > MOST_BYTES) {
    throw new GenviewRangeError(
      `Cannot read ${path}: it must have at most ${MOST_BYTES} bytes, found ${size}`,
    );
  }
  return tokenScores(await files.read(key, width, grid[0] * grid[1]), component).data;
}
