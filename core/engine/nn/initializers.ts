/**
 * Initial values of parameters, with the distributions of `torch.nn.init`.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import type { Shape } from "../graph/shape.ts";
import { elementCount } from "../graph/shape.ts";
import type { RandomStream } from "../random/random_stream.ts";

/** Draws the initial values of a parameter of a shape, row-major. */
export type Initializer = (shape: Shape, random: RandomStream) => Float32Array<ArrayBuffer>;

/** Number of inputs and outputs that one unit of a weight sees. */
export interface Fans {
  /** Elements of the input that one output sees. */
  readonly fanIn: number;
  /** Elements of the output that one input reaches. */
  readonly fanOut: number;
}

/**
 * Fans of a weight laid out as `[out, in, ...kernel]`, as `torch.nn.init._calculate_fan_in_and_fan_out`.
 *
 * @throws {RangeError} if the weight has fewer than two axes
 */
export function fansOf(shape: Shape): Fans {
  if (shape.length < 2) {
    throw new GenviewRangeError(
      `Cannot compute fans: the weight must have at least 2 axes, found [${shape.join(",")}]`,
    );
  }
  const receptiveField = elementCount(shape.slice(2));
  return { fanIn: shape[1]! * receptiveField, fanOut: shape[0]! * receptiveField };
}

function draw(shape: Shape, next: () => number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(elementCount(shape));
  for (let i = 0; i < values.length; i++) values[i] = next();
  return values;
}

/** One value everywhere. */
export function constantInitializer(value: number): Initializer {
  return (shape) => new Float32Array(elementCount(shape)).fill(value);
}

/** Uniform between two bounds. */
export function uniformInitializer(low: number, high: number): Initializer {
  return (shape, random) => draw(shape, () => random.uniform(low, high));
}

/** Normal with a standard deviation. */
export function normalInitializer(standardDeviation: number, mean = 0): Initializer {
  return (shape, random) => draw(shape, () => random.normal(mean, standardDeviation));
}

/**
 * Normal, redrawn until it lies within bounds, as `torch.nn.init.trunc_normal_`: the bounds are absolute, not in
 * standard deviations.
 */
export function truncatedNormalInitializer(
  standardDeviation: number,
  options: { readonly mean?: number; readonly low?: number; readonly high?: number } = {},
): Initializer {
  const { mean = 0, low = -2, high = 2 } = options;
  return (shape, random) =>
    draw(shape, () => {
      for (;;) {
        const value = random.normal(mean, standardDeviation);
        if (value >= low && value <= high) return value;
      }
    });
}

/** Which fan keeps its variance, and the gain of what follows: sqrt(2) for ReLU. */
export interface KaimingOptions {
  /** Keep the variance of the forward (`in`, default) or of the backward pass (`out`). */
  readonly fan?: "in" | "out";
  /** Gain of the nonlinearity (default sqrt(2), ReLU's). */
  readonly gain?: number;
}

function kaimingDeviation(shape: Shape, { fan = "in", gain = Math.SQRT2 }: KaimingOptions): number {
  const { fanIn, fanOut } = fansOf(shape);
  return gain / Math.sqrt(fan === "in" ? fanIn : fanOut);
}

/** Kaiming normal (He et al. 2015, equation 10), as `torch.nn.init.kaiming_normal_`. */
export function kaimingNormal(options: KaimingOptions = {}): Initializer {
  return (shape, random) => normalInitializer(kaimingDeviation(shape, options))(shape, random);
}

/** Xavier uniform (Glorot & Bengio 2010, equation 16), as `torch.nn.init.xavier_uniform_`. */
export function xavierUniform(gain = 1): Initializer {
  return (shape, random) => {
    const { fanIn, fanOut } = fansOf(shape);
    const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
    return uniformInitializer(-bound, bound)(shape, random);
  };
}

/**
 * What `torch.nn.Linear` and `torch.nn.Conv2d` start from: uniform within 1/sqrt(fan in), for weights and biases.
 */
export function torchDefault(fanIn: number): Initializer {
  const bound = 1 / Math.sqrt(fanIn);
  return uniformInitializer(-bound, bound);
}

/**
 * Rows of unit length, each drawn from a distribution and divided by its norm: what prototypes and the queues of MoCo
 * start from.
 *
 * @param drawn the distribution before (default normal)
 */
export function unitRows(drawn: Initializer = normalInitializer(1)): Initializer {
  return (shape, random) => {
    const values = drawn(shape, random);
    const width = shape.at(-1)!;
    for (let start = 0; start < values.length; start += width) {
      const row = values.subarray(start, start + width);
      const norm = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
      row.forEach((x, i) => row[i] = x / norm);
    }
    return values;
  };
}
