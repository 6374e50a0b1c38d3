/**
 * The numbers that an analysis leaves in its folder.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { GenviewSyntaxError } from "../errors/mod.ts";
import { tensor } from "../engine/graph/tensor.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { makeFolder, writeNewFileInFolder } from "../files/new_file.ts";
import { writeNpy } from "../weights/npy.ts";
import type { Analysis, ThresholdRule } from "./analyze.ts";
import { scoreFigure } from "./figures.ts";
import { foregroundMask } from "./foreground.ts";
import type { Grid } from "./orientation.ts";

/** Names of the files that every analysis writes, below its folder; the last one is written last. */
export const ANALYSIS_FILES = [
  "eigenvectors/pca_vectors.npy",
  "eigenvectors/mean_vectors.npy",
  "pca_histograms.png",
  "threshold.json",
] as const;

/** What an analysis was asked for. */
export interface AnalysisRequest {
  /** Name of the network. */
  readonly network: string;
  /** Rows and columns of an image's tokens. */
  readonly grid: Grid;
  /** How the threshold was found. */
  readonly rule: ThresholdRule;
  /** Whether the component was negated after it was oriented. */
  readonly flip: boolean;
  /** Tells the images from others: see {@linkcode sampleOf}. */
  readonly sample?: AnalysisSample | undefined;
}

/** The images of an analysis. */
export interface AnalysisSample {
  /** SHA-256 of the keys of the images that were asked for. */
  readonly keys: string;
  /** How many of them have pictures, at most. */
  readonly shown: number;
}

/** What `threshold.json` says. */
export interface ThresholdFile {
  /** Name of the network. */
  readonly network: string;
  /** Tokens with scores x · v greater than it are foreground, where v is the component. */
  readonly threshold: number;
  /** How it was found. */
  readonly rule: ThresholdRule;
  /** Share of the analysed tokens that are foreground. */
  readonly foregroundShare: number;
  /** How many images were analysed. */
  readonly images: number;
  /** Rows and columns of an image's tokens. */
  readonly grid: Grid;
  /** Part of the tokens' variance that lies along the component. */
  readonly varianceShare: number;
  /** How the component was oriented. */
  readonly orientation: {
    /** What decided which end is the foreground. */
    readonly decidedBy: string;
    /** Mean score of the border's tokens on the component as it was stored. */
    readonly border: number;
    /** Mean score of the other tokens; null if there are none. */
    readonly inside: number | null;
    /** Whether `flip` negated it after that. */
    readonly flipped: boolean;
  };
  /** The images; files of earlier versions do not say. */
  readonly sample?: AnalysisSample;
}

/**
 * Tells the images of an analysis from others.
 *
 * @param keys of the images that are asked for, in order
 * @param shown how many of them get pictures, at most
 */
export function sampleOf(keys: readonly string[], shown: number): AnalysisSample {
  const hash = createHash("sha256");
  for (const key of keys) hash.update(`${key}\n`);
  return { keys: hash.digest("hex"), shown };
}

/** What `threshold.json` says of an analysis. */
export function thresholdFile(
  { component, orientation, threshold, scores }: Analysis,
  { network, grid, rule, flip, sample }: AnalysisRequest,
): ThresholdFile {
  const sign = orientation.negate !== flip ? -1 : 1;
  const mask = foregroundMask(scores, threshold).data;
  return {
    network,
    threshold,
    rule,
    foregroundShare: mask.reduce((sum, value) => sum + value, 0) / mask.length,
    images: scores.shape[0]!,
    grid,
    varianceShare: component.share,
    orientation: {
      decidedBy: orientation.decidedBy,
      border: sign * orientation.border,
      inside: orientation.inside === undefined ? null : sign * orientation.inside,
      flipped: flip,
    },
    ...(sample && { sample }),
  };
}

/** Whether a folder's analysis is the one that is asked for. */
export function isAnalysisOf(
  { network, grid, rule, orientation, sample }: ThresholdFile,
  request: AnalysisRequest,
): boolean {
  const facts = [network, grid, rule, orientation.flipped, sample];
  const wanted = [request.network, request.grid, request.rule, request.flip, request.sample];
  return JSON.stringify(facts) === JSON.stringify(wanted);
}

/**
 * Reads what the analysis of a folder found; undefined if there is none, or one was stopped before its end.
 *
 * @throws {SyntaxError} if `threshold.json` is malformed
 */
export async function readAnalysis(folder: string): Promise<ThresholdFile | undefined> {
  const path = join(folder, "threshold.json");
  const text = await explainingFileErrors(`read ${path}`, ifThere(Deno.readTextFile(path)));
  if (text === undefined) return undefined;
  try {
    const file = JSON.parse(text);
    if (typeof file?.threshold === "number" && typeof file.orientation === "object") return file;
  } catch (cause) {
    throw new GenviewSyntaxError(
      `Cannot read ${path}: it must be JSON, found others (${
        (cause as Error).message
      }); remove it to analyse anew`,
      { cause },
    );
  }
  throw new GenviewSyntaxError(
    `Cannot read ${path}: it must be the output of an analysis, found others; remove it to analyse anew`,
  );
}

/**
 * Writes component, mean and histogram, and `threshold.json` last, so that it stands for all of them. Files of an
 * earlier analysis are replaced.
 *
 * @throws {GenviewError} if the system refuses
 */
export async function writeAnalysis(
  folder: string,
  analysis: Analysis,
  request: AnalysisRequest,
): Promise<ThresholdFile> {
  const { component: { coordinates }, mean, threshold, scores } = analysis;
  const [componentPath, meanPath, figurePath, thresholdPath] = ANALYSIS_FILES.map((name) =>
    join(folder, name)
  ) as [string, string, string, string];
  const overwrite = { overwrite: true };
  await makeFolder(join(folder, "eigenvectors"));
  const columns = [coordinates.length, 1];
  await writeNpy(componentPath, tensor("float32", columns, coordinates), overwrite);
  await writeNpy(meanPath, tensor("float32", [mean.length], mean), overwrite);
  await writeNewFileInFolder(figurePath, await scoreFigure(scores.data, threshold), overwrite);
  const said = thresholdFile(analysis, request);
  await writeNewFileInFolder(thresholdPath, JSON.stringify(said, null, 2) + "\n", overwrite);
  return said;
}
