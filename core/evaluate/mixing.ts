/**
 * Mixing of two images and of their labels: mixup and cutmix as one mask.
 *
 * @module
 */
import { RandomStream } from "../engine/random/random_stream.ts";

/** Beta parameters of the share that an image keeps. */
export interface MixingOptions {
  /** Of mixup (Zhang et al. 2018), where all pixels keep the same share. */
  readonly mixup: number;
  /** Of cutmix (Yun et al. 2019), where a rectangle is replaced. */
  readonly cutmix: number;
}

/** Draws from a beta distribution by Jöhnk's method, which accepts soon for parameters up to 1. */
function symmetricBeta(random: RandomStream, parameter: number): number {
  for (;;) {
    const x = random.uniform() ** (1 / parameter);
    const y = random.uniform() ** (1 / parameter);
    if (x + y > 0 && x + y <= 1) return x / (x + y);
  }
}

/**
 * The share that each pixel of an image keeps in a step, `[size,size]` row by row in [0, 1]; the rest is another
 * image's. Mixup or cutmix, each half of the time, for the whole batch. The label keeps the mean of the mask, which is
 * cutmix's share after its rectangle was cut off at the borders.
 *
 * ```ts
 * import { assert } from "@std/assert";
 * import { RandomStream } from "../engine/random/random_stream.ts";
 * import { mixingMask } from "./mixing.ts";
 *
 * const mask = mixingMask(4, { mixup: 0.8, cutmix: 1 }, new RandomStream(0, "mixing", 1));
 * assert(mask.every((share) => share >= 0 && share <= 1));
 * ```
 */
export function mixingMask(
  size: number,
  { mixup, cutmix }: MixingOptions,
  random: RandomStream,
): Float32Array<ArrayBuffer> {
  const mask = new Float32Array(size * size);
  if (random.chance(0.5)) return mask.fill(symmetricBeta(random, mixup));
  mask.fill(1);
  const side = size * Math.sqrt(1 - symmetricBeta(random, cutmix));
  const [x, y] = [random.integer(size), random.integer(size)];
  const within = (value: number) => Math.min(size, Math.max(0, Math.round(value)));
  const [left, right] = [within(x - side / 2), within(x + side / 2)];
  for (let row = within(y - side / 2); row < within(y + side / 2); row++) {
    mask.fill(0, row * size + left, row * size + right);
  }
  return mask;
}
