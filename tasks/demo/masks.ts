/**
 * The foreground that the demo's network finds, compared with ground truth from the alpha channel.
 *
 * @module
 */
import { join } from "node:path";
import type { TokenNetwork } from "../../core/encoders/token_encoder.ts";
import { type Dataset, evaluationLoader } from "../../core/data/mod.ts";
import { elementCount } from "../../core/engine/graph/shape.ts";
import { type Tensor, tensor } from "../../core/engine/graph/tensor.ts";
import {
  type Analysis,
  analyze,
  compareMasks,
  extractMissing,
  type ExtractMissingOptions,
  foregroundMask,
  gridPicture,
  type MaskComparison,
  spreadSamples,
  subset,
  type ThresholdRule,
  writeAnalysis,
  writePictures,
} from "../../core/masking/mod.ts";
import { imageGrid } from "../../core/plot/mod.ts";
import type { Section } from "../../core/report/mod.ts";

/** Images whose masks are shown. */
const SHOWN = 8;

const RULE: ThresholdRule = { kind: "quantile", share: 0.4 };

/** The masks of a data set, and how well they agree with the truth. */
export interface MaskFindings {
  readonly network: TokenNetwork;
  readonly analysis: Analysis;
  readonly comparison: MaskComparison;
  /** File of the principal component. */
  readonly component: string;
  readonly images: number;
  readonly section: Section;
}

/** Pixels and true masks of a data set. */
interface Truth {
  readonly images: Tensor<"uint8">;
  readonly masks: Tensor<"uint8">;
}

async function readTruth(dataset: Dataset, { view }: TokenNetwork): Promise<Truth> {
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

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

async function maskSection(
  { network: { grid, view: { size } }, analysis: { scores, threshold }, comparison, images }: Omit<
    MaskFindings,
    "section" | "component"
  >,
  truth: Truth,
): Promise<Section> {
  const tokens = grid[0] * grid[1];
  const found = foregroundMask(scores, threshold).data;
  const chosen = Array.from({ length: SHOWN }, (_, i) => Math.floor(((i + 0.5) * images) / SHOWN));
  const cut = ({ shape, data }: Tensor<"uint8">, index: number, channels: number) => {
    const length = elementCount(shape.slice(1));
    const pixels = data.slice(index * length, (index + 1) * length);
    return tensor("uint8", [size, size, channels], pixels);
  };
  const rows = chosen.map((index) => [
    cut(truth.images, index, 3),
    cut(truth.masks, index, 1),
    gridPicture(found.subarray(index * tokens, (index + 1) * tokens), grid, size),
  ]);
  const row = (
    name: string,
    { intersectionOverUnion, ratioCorrelation }: MaskComparison["masks"],
  ) => [name, intersectionOverUnion.toFixed(3), ratioCorrelation.toFixed(3)] as const;
  return {
    title: "Foreground",
    text:
      `The first principal component of the network's ${grid[0]} x ${
        grid[1]
      } tokens tells foreground from ` +
      "background, with no label and no mask. The emoji's transparency is the truth: beside it stand masks " +
      "that have not seen the pictures. The emoji lie in the middle, which is what the square knows.",
    tables: [{
      columns: ["masks", "intersection over union", "correlation of the foreground's share"],
      rows: [
        row("principal component", comparison.masks),
        row("by chance, as many tokens", comparison.random),
        row("square in the middle, as many tokens", comparison.centerSquare),
      ],
      caption: `Means over ${images} emoji; ${
        percent(found.reduce((sum, value) => sum + value, 0) / found.length)
      } of all tokens are foreground.`,
    }],
    figures: [{
      png: await imageGrid({
        images: rows.flat(),
        columns: 3,
        columnLabels: ["image", "truth", "mask"],
        scale: Math.max(0.5, 96 / size),
      }),
      caption:
        "Images, what of them is emoji, and the tokens that the network takes for foreground.",
      alt: `${SHOWN} images with their true and their found masks`,
    }],
  };
}

/**
 * Finds the foregrounds of a data set that has masks, as `deno task extract-features` does and into a folder like its
 * own, and compares them with the ground truth. Undefined if it was interrupted.
 */
export async function findMasks(
  network: TokenNetwork,
  dataset: Dataset,
  options: ExtractMissingOptions,
): Promise<MaskFindings | undefined> {
  const indices = Array.from({ length: dataset.length }, (_, i) => i);
  const { finished } = await extractMissing(network, dataset, indices, options);
  if (!finished) return undefined;
  const keys = indices.map((index) => dataset.sample(index).key);
  const analysis = await analyze(network, keys, { ...options, rule: RULE });
  const { folder } = options;
  const shown = spreadSamples(dataset, indices, SHOWN);
  await writePictures(folder, network, analysis, shown, subset(dataset, shown), options.report);
  const { name, grid } = network;
  await writeAnalysis(folder, analysis, { network: name, grid, rule: RULE, flip: false });
  const truth = await readTruth(dataset, network);
  const masks = foregroundMask(analysis.scores, analysis.threshold);
  const findings = {
    network,
    analysis,
    comparison: compareMasks(masks, truth.masks, grid),
    images: dataset.length,
  };
  return {
    ...findings,
    component: join(folder, "eigenvectors", "pca_vectors.npy"),
    section: await maskSection(findings, truth),
  };
}
