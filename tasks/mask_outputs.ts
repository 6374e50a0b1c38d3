/**
 * What an analysis leaves in its folder.
 *
 * @module
 */
import { join } from "node:path";
import type { TokenNetwork } from "../core/encoders/token_encoder.ts";
import { type Dataset, evaluationLoader } from "../core/data/mod.ts";
import { type Tensor, tensor } from "../core/engine/graph/tensor.ts";
import { foregroundMask, softMaps } from "../core/masking/mod.ts";
import { imageGrid } from "../core/plot/mod.ts";
import { writeNpy } from "../core/weights/npy.ts";
import { type Analysis, type ThresholdRule, writeOutput } from "./extraction.ts";
import { mirroredPath } from "./feature_files.ts";
import { encodePng, gridPicture, scoreFigure } from "./masking_figures.ts";

/** Names of the files that every analysis writes, below its folder. */
export const ANALYSIS_FILES: readonly string[] = [
  "eigenvectors/pca_vectors.npy",
  "eigenvectors/mean_vectors.npy",
  "pca_histograms.png",
  "threshold.json",
];

/** Folders of pictures, one for each image that is shown. */
export const PICTURE_FOLDERS: readonly string[] = ["original_images", "masks", "maps"];

/** What an analysis was made from. */
export interface AnalysisContext {
  readonly folder: string;
  readonly network: TokenNetwork;
  readonly rule: ThresholdRule;
  readonly flip: boolean;
  readonly overwrite: boolean;
}

/** What `threshold.json` says. */
export interface ThresholdFile {
  readonly network: string;
  /** Tokens with scores x · v greater than it are foreground. */
  readonly threshold: number;
  readonly rule: ThresholdRule;
  /** Share of the analysed tokens that are foreground. */
  readonly foregroundShare: number;
  readonly images: number;
  readonly grid: readonly [rows: number, columns: number];
  /** Part of the tokens' variance that lies along the component. */
  readonly varianceShare: number;
  readonly orientation: {
    /** What decided which end is the foreground. */
    readonly decidedBy: string;
    /** Mean score of the border's tokens, and of those inside, of the component as it was stored. */
    readonly border: number;
    readonly inside: number | null;
    /** Whether `--flip` turned it round after that. */
    readonly flipped: boolean;
  };
}

/** What `threshold.json` says of an analysis. */
export function thresholdFile(
  { component, orientation, threshold, scores }: Analysis,
  { network, rule, flip }: AnalysisContext,
): ThresholdFile {
  const sign = orientation.negate !== flip ? -1 : 1;
  const mask = foregroundMask(scores, threshold).data;
  return {
    network: network.name,
    threshold,
    rule,
    foregroundShare: mask.reduce((sum, value) => sum + value, 0) / mask.length,
    images: scores.shape[0]!,
    grid: network.grid,
    varianceShare: component.share,
    orientation: {
      decidedBy: orientation.decidedBy,
      border: sign * orientation.border,
      inside: orientation.inside === undefined ? null : sign * orientation.inside,
      flipped: flip,
    },
  };
}

/** Writes vector, mean and histogram, and `threshold.json` last, so that it stands for all of them. */
export async function writeAnalysis(
  analysis: Analysis,
  context: AnalysisContext,
): Promise<ThresholdFile> {
  const { folder, overwrite } = context;
  const { component: { vector }, mean, threshold, scores } = analysis;
  await Deno.mkdir(join(folder, "eigenvectors"), { recursive: true });
  const [vectorPath, meanPath, figurePath, thresholdPath] = ANALYSIS_FILES.map((name) =>
    join(folder, name)
  ) as [string, string, string, string];
  await writeNpy(vectorPath, tensor("float32", [vector.length, 1], vector), { overwrite });
  await writeNpy(meanPath, tensor("float32", [mean.length], mean), { overwrite });
  await writeOutput(figurePath, await scoreFigure(scores.data, threshold), overwrite);
  const said = thresholdFile(analysis, context);
  const text = JSON.stringify(said, null, 2) + "\n";
  await writeOutput(thresholdPath, new TextEncoder().encode(text), overwrite);
  return said;
}

/** One image as it is shown. */
interface Shown {
  readonly key: string;
  readonly pixels: Tensor<"uint8">;
  /** float32 `[1, P]`. */
  readonly scores: Tensor<"float32">;
}

/** Pictures of one image, by the folder that each belongs to. */
function picturesOf({ pixels, scores }: Shown, threshold: number, network: TokenNetwork) {
  const { grid, view: { size } } = network;
  const { foreground, background } = softMaps(scores);
  return {
    "original_images/.png": pixels,
    "masks/.png": gridPicture(foregroundMask(scores, threshold).data, grid, size),
    "maps/.foreground.png": gridPicture(foreground.data, grid, size),
    "maps/.background.png": gridPicture(background.data, grid, size),
  };
}

/**
 * Writes pictures of some images: as the network sees them, their masks and maps, and all side by side.
 *
 * @param dataset the images of the scores, in the same order; those that cannot be read any more are left out
 */
export async function writePictures(
  { scores, threshold }: Analysis,
  dataset: Dataset,
  { folder, network, overwrite }: AnalysisContext,
): Promise<void> {
  if (dataset.length === 0) return;
  const { view: { size } } = network;
  const tokens = scores.shape[1]!;
  const side: Tensor<"uint8">[] = [];
  for await (
    const { indices, images } of evaluationLoader(dataset, network.view, { batchSize: 1 })
  ) {
    for (const index of indices) {
      const { key } = dataset.sample(index);
      const own = scores.data.slice(index * tokens, (index + 1) * tokens);
      const pictures = picturesOf(
        {
          key,
          pixels: tensor("uint8", [size, size, 3], images.data),
          scores: tensor("float32", [1, tokens], own),
        },
        threshold,
        network,
      );
      for (const [name, picture] of Object.entries(pictures)) {
        const [place, ending] = name.split("/") as [string, string];
        const path = join(folder, place, `${mirroredPath(key)}${ending}`);
        await writeOutput(path, await encodePng(picture), overwrite);
        side.push(picture);
      }
    }
  }
  if (side.length === 0) return;
  const png = await imageGrid({
    images: side,
    columns: 4,
    columnLabels: ["image", "mask", "foreground", "background"],
    scale: Math.max(1, Math.round(128 / size * 4) / 4),
  });
  await writeOutput(join(folder, "overview.png"), png, overwrite);
}
