/**
 * Packing of samples into the tensors of a batch.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { int64, type Tensor, zeros } from "../../engine/graph/tensor.ts";
import type { Sample } from "../dataset.ts";
import type { PreparedView } from "./prepare_sample.ts";

/** The labels of N samples as int64 [N]; -1 where there is none. */
export function packLabels(samples: readonly Sample[]): Tensor<"int64"> {
  return int64([samples.length], samples.map(({ label }) => label ?? -1));
}

/** The pixels of one view of a batch. */
export interface PackedPixels {
  /** uint8 [N, size, size, 3]. */
  readonly images: Tensor<"uint8">;
  /** uint8 [N, size, size]. */
  readonly masks?: Tensor<"uint8">;
}

/**
 * Packs one view of N samples.
 *
 * @param masks whether their masks are packed too
 * @throws {TypeError} if masks are wanted and a sample has none
 */
export function packPixels(
  views: readonly PreparedView[],
  size: number,
  masks: boolean,
): PackedPixels {
  const images = zeros("uint8", [views.length, size, size, 3]);
  views.forEach(({ pixels }, i) => images.data.set(pixels, i * 3 * size ** 2));
  if (!masks) return { images };
  const packed = zeros("uint8", [views.length, size, size]);
  views.forEach(({ mask }, i) => {
    if (mask === undefined) {
      throw new GenviewTypeError(
        "Cannot load masks: every sample of the data set must have one, found one without",
      );
    }
    packed.data.set(mask, i * size ** 2);
  });
  return { images, masks: packed };
}
