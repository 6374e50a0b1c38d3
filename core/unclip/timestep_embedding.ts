/**
 * Sinusoidal embeddings of timesteps.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { float32, type Tensor } from "../engine/graph/tensor.ts";
import { constant, type Value } from "../engine/graph/value.ts";
import { concat } from "../engine/ops/concat.ts";
import { cos } from "../engine/ops/cos.ts";
import { mul } from "../engine/ops/mul.ts";
import { reshape } from "../engine/ops/reshape.ts";
import { sin } from "../engine/ops/sin.ts";

/** The longest period is this times 2 pi. */
const LONGEST = 10000;

/**
 * Frequencies of the waves, from 1 down, rounded to float32 at each step as the publisher's are: at timestep 1000 the
 * roundings make up for 6e-5 of a wave's height.
 */
function frequencies(width: number): Float32Array<ArrayBuffer> {
  if (!Number.isInteger(width) || width < 2 || width % 2 !== 0) {
    throw new GenviewRangeError(`Cannot embed timesteps: the width must be even, found ${width}`);
  }
  const half = width / 2;
  const slope = Math.fround(-Math.log(LONGEST));
  return Float32Array.from(
    { length: half },
    (_, k) => Math.exp(Math.fround(Math.fround(slope * k) / half)),
  );
}

/**
 * A timestep, or a level of noise, as waves of falling frequency: all cosines, then all sines.
 *
 * Source: Vaswani et al. 2017, section 3.5; diffusers, `embeddings.py`, `get_timestep_embedding` with `flip_sin_to_cos`
 * and `downscale_freq_shift` 0.
 *
 * @returns `width` numbers in [-1, 1]
 * @throws {RangeError} if the width is not even
 */
export function timestepEmbedding(timestep: number, width: number): Float32Array<ArrayBuffer> {
  const embedded = new Float32Array(width);
  frequencies(width).forEach((frequency, k) => {
    const angle = Math.fround(timestep * frequency);
    embedded[k] = Math.cos(angle);
    embedded[k + width / 2] = Math.sin(angle);
  });
  return embedded;
}

/**
 * The same in a graph, in float32.
 *
 * @param timestep float32 `[N]`
 * @returns `[N, width]`
 * @throws {RangeError} if the width is not even
 */
export function embedTimestep(timestep: Value, width: number): Value {
  const rates: Tensor<"float32"> = float32([1, width / 2], frequencies(width));
  const angles = mul(reshape(timestep, [timestep.shape[0]!, 1]), constant(rates));
  return concat([cos(angles), sin(angles)], { axis: 1 });
}
