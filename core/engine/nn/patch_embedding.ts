import { GenviewRangeError } from "../../errors/mod.ts";
import { formatType } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { conv2d, type Conv2dOptions } from "./conv2d.ts";
import { tokensOf } from "./map_tokens.ts";
import type { Scope } from "./scope.ts";

/** Options of {@linkcode patchEmbedding}. */
export interface PatchEmbeddingOptions
  extends Pick<Conv2dOptions, "weightInitializer" | "biasInitializer" | "trainable"> {
  /** Height and width of a patch, in pixels. */
  readonly patch: number;
  /** Features of a token. */
  readonly width: number;
}

/**
 * Linear map of each patch of an image to a token, as timm's `PatchEmbed`: one convolution, `proj`, with a bias.
 *
 * @param images `[N, 3, H, W]`
 * @returns `[N, H/patch * W/patch, width]`, row by row
 * @throws {RangeError} if patches do not tile the images
 */
export function patchEmbedding(
  scope: Scope,
  name: string,
  images: Value,
  { patch, width, ...initial }: PatchEmbeddingOptions,
): Value {
  return scope.enter(name, (layer) => {
    const [, , height, imageWidth] = images.shape as [number, number, number, number];
    if (height % patch !== 0 || imageWidth % patch !== 0) {
      throw new GenviewRangeError(
        `Cannot embed patches of ${patch} pixels in layer "${layer.path}": they must tile the ` +
          `images, found ${formatType(images.type)}`,
      );
    }
    const convolution = { channels: width, kernel: patch, stride: patch, bias: true, ...initial };
    return tokensOf(conv2d(layer, "proj", images, convolution));
  });
}
