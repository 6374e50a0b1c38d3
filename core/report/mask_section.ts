/**
 * The section of a report on the foreground that a network finds, compared with ground-truth masks.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { evenIndices } from "../data/even_indices.ts";
import { evaluationLoader } from "../data/loader/evaluation_loader.ts";
import type { EvaluationRecipe } from "../data/views/recipe.ts";
import { elementCount } from "../engine/graph/shape.ts";
import { type Tensor, tensor } from "../engine/graph/tensor.ts";
import {
  type Analysis,
  compareMasks,
  foregroundMask,
  gridPicture,
  type MaskComparison,
} from "../masking/mod.ts";
import { imageGrid } from "../plot/image_grid.ts";
import { percent } from "./describe_curve.ts";
import type { Section } from "./report.ts";

/** What is compared with the ground truth. */
export interface FoundMasks {
  /** Scores and threshold of the data set's images, in its order. */
  readonly analysis: Pick<Analysis, "scores" | "threshold">;
  /** Images with masks. */
  readonly dataset: Dataset;
  /** How the network cuts images. */
  readonly view: EvaluationRecipe;
  /** Rows and columns of tokens. */
  readonly grid: readonly [rows: number, columns: number];
  /** Images that are shown (default 8). */
  readonly shown?: number;
}

/** Pixels and true masks of a data set. */
interface Truth {
  readonly images: Tensor<"uint8">;
  readonly masks: Tensor<"uint8">;
}

async function readTruth({ dataset, view }: FoundMasks): Promise<Truth> {
  const { size } = view;
  const images = new Uint8Array(dataset.length * size * size * 3);
  const masks = new Uint8Array(dataset.length * size * size);
  const options = { batchSize: 64, masks: true, strict: true };
  for await (const batch of evaluationLoader(dataset, view, options)) {
    const start = batch.indices[0]!;
    images.set(batch.images.data, start * size * size * 3);
    masks.set(batch.masks!.data, start * size * size);
  }
  return {
    images: tensor("uint8", [dataset.length, size, size, 3], images),
    masks: tensor("uint8", [dataset.length, size, size], masks),
  };
}

/**
 * Compares found masks with a data set's own, by intersection over union and by the foreground's share, and shows some.
 *
 * @throws {TypeError} if the data set has no masks
 */
export async function maskSection(
  found: FoundMasks,
): Promise<{ readonly section: Section; readonly comparison: MaskComparison }> {
  const { analysis: { scores, threshold }, dataset, view: { size }, grid, shown = 8 } = found;
  const truth = await readTruth(found);
  const masks = foregroundMask(scores, threshold);
  const comparison = compareMasks(masks, truth.masks, grid);
  const tokens = grid[0] * grid[1];
  const chosen = evenIndices(dataset.length, shown);
  const cut = ({ shape, data }: Tensor<"uint8">, index: number, channels: number) => {
    const length = elementCount(shape.slice(1));
    const pixels = data.slice(index * length, (index + 1) * length);
    return tensor("uint8", [size, size, channels], pixels);
  };
  const rows = chosen.map((index) => [
    cut(truth.images, index, 3),
    cut(truth.masks, index, 1),
    gridPicture(masks.data.subarray(index * tokens, (index + 1) * tokens), grid, size),
  ]);
  const row = (
    name: string,
    { intersectionOverUnion, ratioCorrelation }: MaskComparison["masks"],
  ) => [name, intersectionOverUnion.toFixed(3), ratioCorrelation.toFixed(3)] as const;
  const share = masks.data.reduce((sum, value) => sum + value, 0) / masks.data.length;
  return {
    comparison,
    section: {
      title: "Foreground",
      text:
        `The first principal component of the network's ${grid[0]} x ${
          grid[1]
        } tokens separates foreground from ` +
        "background, with no label and no mask. Beside the masks that it finds stand two that have not seen the " +
        "images: tokens chosen by chance, and a square in the middle.",
      tables: [{
        columns: ["masks", "intersection over union", "correlation of the foreground's share"],
        rows: [
          row("principal component", comparison.masks),
          row("by chance, as many tokens", comparison.random),
          row("square in the middle, as many tokens", comparison.centerSquare),
        ],
        caption: `Means over ${dataset.length} images against their ground-truth masks; ${
          percent(share)
        } of all tokens are foreground.`,
      }],
      figures: [{
        png: await imageGrid({
          images: rows.flat(),
          columns: 3,
          columnLabels: ["image", "truth", "mask"],
          paper: false,
          scale: Math.max(0.5, 96 / size),
        }),
        caption:
          "Images, their ground-truth masks, and the tokens that the network takes for foreground.",
        alt: `${chosen.length} images with their true and their found masks`,
      }],
    },
  };
}
