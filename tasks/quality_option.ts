/**
 * The encoder of a configuration's quality weights, and pictures of what it makes of pairs.
 *
 * @module
 */
import { GenviewTypeError } from "../core/errors/mod.ts";
import { join } from "node:path";
import { formatType, type Tensor, tensor } from "../core/engine/graph/tensor.ts";
import type { Configuration } from "../core/method/configuration.ts";
import { imageGrid } from "../core/plot/mod.ts";
import type { PairEncoder } from "../core/train/step/pair_weighting.ts";
import type { JudgedPairs, PairsShown } from "../core/train/run/train_options.ts";
import { ifThere } from "../core/files/if_there.ts";
import { writeNewFile } from "../core/files/new_file.ts";
import { findComponent, gridPicture, readComponent } from "../core/masking/mod.ts";
import { openTokenNetwork } from "../core/encoders/open_token_network.ts";

/** Height and width of a picture on screen that maps are read well at, in pixels. */
const READABLE = 112;

/** The file of a component: itself, or that of a network in a folder of results. */
async function componentFile(path: string, network: string): Promise<string> {
  const found = await ifThere(Deno.stat(path));
  if (found === undefined) {
    throw new GenviewTypeError(
      `Cannot weigh pairs by ${network}: --quality-vectors must be an .npy file or the output folder ` +
        `of "deno task extract-features", found no ${path}`,
    );
  }
  if (!found.isDirectory) return path;
  const own = join(path, network);
  return await findComponent(await ifThere(Deno.stat(own)) === undefined ? path : own);
}

/**
 * The encoder that a configuration weighs pairs by; undefined if it names none.
 *
 * @throws {TypeError} if its weights or its component are not at hand, or do not fit
 */
export async function configuredPairEncoder(
  { qualityEncoder, qualityVectors, qualityImageSize, qualitySharpness }: Configuration,
): Promise<PairEncoder | undefined> {
  if (qualityEncoder === "") return undefined;
  const network = await openTokenNetwork({
    model: qualityEncoder,
    imageSize: qualityImageSize,
  });
  const path = await componentFile(qualityVectors, network.name);
  const direction = await readComponent(path);
  if (direction.length !== network.width) {
    throw new GenviewTypeError(
      `Cannot weigh pairs by ${network.name}: ${path} must hold ${
        formatType({ dtype: "float32", shape: [network.width, 1] })
      }, found ${direction.length} numbers`,
    );
  }
  return { network, direction, sharpness: qualitySharpness };
}

/** One image out of a batch. */
function imageOf({ shape, data }: Tensor<"uint8">, index: number): Tensor<"uint8"> {
  const [, height, width, channels] = shape as [number, number, number, number];
  const length = height * width * channels;
  const pixels = data.slice(index * length, (index + 1) * length);
  return tensor("uint8", [height, width, channels], pixels);
}

/** Draws pairs: both views with their foreground maps, the similarities and the weight, a pair a row; as a PNG. */
export async function drawPairs(
  { pictures, maps, grid, foreground, background, weights }: JudgedPairs,
): Promise<Uint8Array<ArrayBuffer>> {
  const [count, size] = pictures[0].shape as [number, number];
  const tokens = grid[0] * grid[1];
  const rows = Array.from({ length: count }, (_, pair) =>
    [0, 1].flatMap((view) => [
      imageOf(pictures[view]!, pair),
      gridPicture(maps[view]!.data.subarray(pair * tokens, (pair + 1) * tokens), grid, size),
    ]));
  return await imageGrid({
    images: rows.flat(),
    columns: 4,
    columnLabels: ["view 1", "foreground", "view 2", "foreground"],
    rowLabels: rows.map((_, pair) =>
      `foregrounds ${foreground[pair]!.toFixed(3)}, backgrounds ${
        background[pair]!.toFixed(3)
      }: weight ${weights[pair]!.toFixed(3)}`
    ),
    scale: Math.max(1, Math.round(READABLE / size)),
  });
}

/**
 * Draws pairs of every epoch into `pairs/` of a run's folder; undefined if a configuration wants none.
 *
 * @throws {TypeError} if it wants some and names no encoder
 */
export function configuredPairsShown(
  { vis, qualityEncoder }: Configuration,
  output: string,
): PairsShown | undefined {
  if (vis === 0) return undefined;
  if (qualityEncoder === "") {
    throw new GenviewTypeError(
      `Cannot draw how pairs are judged: --vis needs --quality-encoder, found --vis ${vis} alone`,
    );
  }
  return {
    count: vis,
    async show(pairs) {
      const folder = join(output, "pairs");
      await Deno.mkdir(folder, { recursive: true });
      const path = join(folder, `epoch-${pairs.epoch}.png`);
      const png = await drawPairs(pairs);
      // A run that goes on from a checkpoint before this epoch draws the same pairs again.
      await writeNewFile(path, png, { overwrite: true });
    },
  };
}
