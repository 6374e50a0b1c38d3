/**
 * The foreground that the demo's network finds, compared with ground truth from the alpha channel.
 *
 * @module
 */
import { join } from "node:path";
import type { TokenNetwork } from "../../core/encoders/token_encoder.ts";
import { type Dataset, spreadSamples, subset } from "../../core/data/mod.ts";
import {
  analyze,
  extractMissing,
  type ExtractMissingOptions,
  type MaskComparison,
  type ThresholdRule,
  writeAnalysis,
  writePictures,
} from "../../core/masking/mod.ts";
import { maskSection, type Section } from "../../core/report/mod.ts";

/** Images whose masks are shown. */
const SHOWN = 8;

const RULE: ThresholdRule = { kind: "quantile", share: 0.4 };

/** The masks of a data set, and how well they agree with the truth. */
export interface MaskFindings {
  readonly comparison: MaskComparison;
  /** File of the principal component. */
  readonly component: string;
  readonly section: Section;
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
  const { name, grid, view } = network;
  await writeAnalysis(folder, analysis, { network: name, grid, rule: RULE, flip: false });
  const found = await maskSection({ analysis, dataset, view, grid, shown: SHOWN });
  return { ...found, component: join(folder, "eigenvectors", "pca_vectors.npy") };
}
