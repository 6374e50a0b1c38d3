/**
 * Pictures of the images of an analysis, of their masks and of their maps.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { type Dataset, evaluationLoader, writeImage } from "../data/mod.ts";
import type { TokenNetwork } from "../encoders/token_encoder.ts";
import { type Tensor, tensor } from "../engine/graph/tensor.ts";
import { makeFolder, writeNewFileInFolder } from "../files/new_file.ts";
import type { Analysis } from "./analyze.ts";
import type { ExtractionEvent } from "./extraction_event.ts";
import { isRefusedName, mirroredPath } from "./feature_files.ts";
import { gridPicture } from "./figures.ts";
import { foregroundMask, softMaps } from "./foreground.ts";

/** Folders of pictures, one for each image that is shown. */
export const PICTURE_FOLDERS = ["original_images", "masks", "maps"] as const;

/** Name of the picture of all images that are shown. */
export const OVERVIEW = "overview.png";

/** One image as it is shown. */
interface Shown {
  readonly pixels: Tensor<"uint8">;
  /** float32 `[1, P]`. */
  readonly scores: Tensor<"float32">;
}

/** Pictures of one image, each with its folder and the ending of its name. */
function picturesOf(
  { pixels, scores }: Shown,
  threshold: number,
  { grid, view: { size } }: TokenNetwork,
): [folder: string, ending: string, picture: Tensor<"uint8">][] {
  const { foreground, background } = softMaps(scores);
  return [
    ["original_images", ".png", pixels],
    ["masks", ".png", gridPicture(foregroundMask(scores, threshold).data, grid, size)],
    ["maps", ".foreground.png", gridPicture(foreground.data, grid, size)],
    ["maps", ".background.png", gridPicture(background.data, grid, size)],
  ];
}

/**
 * Writes pictures of some images: as the network sees them, their masks and maps, and an overview of all. Earlier ones
 * are replaced.
 *
 * @param places of the images among those of the scores
 * @param dataset the images at those places, in the same order; those that cannot be read any more are left out
 * @returns keys of images whose pictures cannot be stored, because the file system takes no file of their name
 */
export async function writePictures(
  folder: string,
  network: TokenNetwork,
  { scores, threshold }: Pick<Analysis, "scores" | "threshold">,
  places: readonly number[],
  dataset: Dataset,
  report?: (event: ExtractionEvent) => void,
): Promise<string[]> {
  const refused: string[] = [];
  if (dataset.length === 0) return refused;
  const { view: { size } } = network;
  const tokens = scores.shape[1]!;
  const overview: Tensor<"uint8">[] = [];
  for await (
    const { indices, images } of evaluationLoader(dataset, network.view, { batchSize: 1 })
  ) {
    for (const index of indices) {
      const { key } = dataset.sample(index);
      const start = places[index]! * tokens;
      const pictures = picturesOf(
        {
          pixels: tensor("uint8", [size, size, 3], images.data),
          scores: tensor("float32", [1, tokens], scores.data.slice(start, start + tokens)),
        },
        threshold,
        network,
      );
      overview.push(...pictures.map(([, , picture]) => picture));
      try {
        for (const [place, ending, picture] of pictures) {
          const path = join(folder, place, `${mirroredPath(key)}${ending}`);
          await makeFolder(dirname(path));
          await writeImage(path, picture, { overwrite: true });
        }
      } catch (error) {
        if (!isRefusedName(error)) throw error;
        refused.push(key);
        report?.({ kind: "warning", message: (error as Error).message });
      }
    }
  }
  if (overview.length === 0) return refused;
  // sharp takes time and permissions: it is loaded only where something is drawn.
  const { imageGrid } = await import("../plot/mod.ts");
  const png = await imageGrid({
    images: overview,
    columns: 4,
    columnLabels: ["image", "mask", "foreground", "background"],
    scale: Math.max(1, Math.round(128 / size * 4) / 4),
  });
  await writeNewFileInFolder(join(folder, OVERVIEW), png, { overwrite: true });
  return refused;
}
