/**
 * Pictures of masks, and of scores.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type Tensor, tensor } from "../engine/graph/tensor.ts";
import type { Grid } from "./orientation.ts";
import { scoreHistogram } from "./threshold.ts";

/**
 * A grid of values as a grey picture in which every token is a rectangle.
 *
 * @param values one for each token, in [0, 1]
 * @param size height and width of the picture in pixels
 * @returns uint8 `[size, size, 1]`
 */
export function gridPicture(values: ArrayLike<number>, grid: Grid, size: number): Tensor<"uint8"> {
  const [rows, columns] = grid;
  const data = new Uint8Array(size * size);
  for (let y = 0; y < size; y++) {
    const row = Math.floor(y * rows / size);
    for (let x = 0; x < size; x++) {
      const token = row * columns + Math.floor(x * columns / size);
      data[y * size + x] = Math.round(255 * values[token]!);
    }
  }
  return tensor("uint8", [size, size, 1], data);
}

/** Pictures below each other. */
async function stack(pictures: readonly Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> {
  const { sharp } = await import("../deps/sharp.ts");
  const sizes = await Promise.all(pictures.map((picture) => sharp(picture).metadata()));
  let top = 0;
  const overlays = pictures.map((picture, i) => {
    const at = { input: Buffer.from(picture), left: 0, top };
    top += sizes[i]!.height;
    return at;
  });
  const width = Math.max(...sizes.map((size) => size.width));
  const canvas = { width, height: top, channels: 3, background: "#ffffff" } as const;
  return new Uint8Array(await sharp({ create: canvas }).composite(overlays).png().toBuffer());
}

/**
 * GenView's three panels as a PNG file: how scores are spread, their cumulative share, and its inverse.
 *
 * Source: `tools/clip_pca/extract_features_pca.py`, `visualize_pca_histograms`.
 *
 * @param threshold marked in the first panel
 * @throws {RangeError} if scores are missing or not finite
 */
export async function scoreFigure(
  scores: Float32Array,
  threshold: number,
): Promise<Uint8Array<ArrayBuffer>> {
  // sharp takes time and permissions: it is loaded only where something is drawn.
  const { histogram, lineChart, toPng } = await import("../plot/mod.ts");
  const { counts, edges } = scoreHistogram(scores);
  let sum = 0;
  const cumulative = Array.from(counts, (count) => (sum += count) / scores.length);
  const label = `threshold ${threshold.toPrecision(6)}`;
  const curve = (title: string, points: [number, number][], xLabel: string, yLabel: string) =>
    lineChart({ series: [{ name: "scores", points }], title, xLabel, yLabel, width: 660 });
  const panels = [
    await histogram({
      samples: [{ name: "scores", values: scores }],
      title: "Scores of all tokens on the principal component",
      xLabel: "score",
      yLabel: "tokens",
      bins: 200,
      range: [edges[0]!, edges.at(-1)!],
      marks: [{ value: threshold, label }],
    }),
    await curve(
      "Cumulative share of the scores",
      cumulative.map((share, k) => [edges[k]!, share]),
      "score",
      "share of scores up to it",
    ),
    await curve(
      "Score by cumulative share",
      cumulative.map((share, k) => [share, edges[k]!]),
      "share of scores up to it",
      "score",
    ),
  ];
  return await stack(await Promise.all(panels.map((panel) => toPng(panel))));
}
