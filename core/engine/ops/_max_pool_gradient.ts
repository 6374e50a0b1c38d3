/**
 * The gradient of a max pool without the places of its maxima, which WebGPU's kernel does not give.
 *
 * @module
 */
import { elementCount, type Shape } from "../graph/shape.ts";
import { filled, float32 } from "../graph/tensor.ts";
import { constant, type Value } from "../graph/value.ts";
import { type Windows, windowSpan } from "./_windows.ts";
import { cast } from "./cast.ts";
import { concat } from "./concat.ts";
import { convTranspose } from "./conv_transpose.ts";
import { equal } from "./equal.ts";
import { matMul } from "./mat_mul.ts";
import { mul } from "./mul.ts";
import { pad } from "./pad.ts";
import { reshape } from "./reshape.ts";
import { slice } from "./slice.ts";

interface PoolWindows extends Windows {
  readonly kernel: Shape;
}

/** Positions in a kernel, row-major. */
function positions(kernel: Shape): number[][] {
  return kernel.reduce<number[][]>(
    (found, length) => found.flatMap((at) => Array.from({ length }, (_, i) => [...at, i])),
    [[]],
  );
}

/** What all windows read at each position of the kernel, `[N C, taps, ...]`, and minus infinity in the padding. */
function tapsOf(planes: Value, counts: Shape, windows: PoolWindows): Value {
  const { kernel, strides, dilations, pads } = windows;
  const lengths = planes.shape.slice(2);
  const ends = lengths.map((length, axis) => {
    const read = (counts[axis]! - 1) * strides[axis]! + windowSpan(windows, kernel, axis);
    return Math.max(read - length - pads[axis]!, 0);
  });
  const around = [0, 0, ...pads.slice(0, lengths.length), 0, 0, ...ends];
  const padded = pad(planes, around, { value: -Infinity });
  const axes = lengths.map((_, axis) => axis + 2);
  const taps = positions(kernel).map((position) => {
    const starts = position.map((i, axis) => i * dilations[axis]!);
    const stops = starts.map((start, axis) => start + (counts[axis]! - 1) * strides[axis]! + 1);
    return slice(padded, { starts, ends: stops, axes, steps: strides });
  });
  return concat(taps, { axis: 1 });
}

/** Ones where a tap is the first of its window to be the maximum, as the mask of all maxima `[N C, taps, ...]` tells. */
function firstOnly(maxima: Value): Value {
  const [planes, taps, ...counts] = maxima.shape as [number, number, ...number[]];
  const upTo = Array.from(
    { length: taps * taps },
    (_, i) => i % taps <= Math.floor(i / taps) ? 1 : 0,
  );
  const flat = reshape(maxima, [planes, taps, elementCount(counts)]);
  const count = matMul(cast(constant(float32([taps, taps], upTo)), maxima.dtype), flat);
  return reshape(mul(flat, cast(equal(count, 1), maxima.dtype)), maxima.shape);
}

/** A kernel `[taps, 1, ...]` that puts each tap at its own position. */
function placing(dtype: Value["dtype"], kernel: Shape): Value {
  const taps = elementCount(kernel);
  const identity = filled("float32", [taps, 1, ...kernel], 0);
  for (let tap = 0; tap < taps; tap++) identity.data[tap * taps + tap] = 1;
  return cast(constant(identity), dtype);
}

/**
 * The gradient of a max pool by x: all of dy goes to the first maximum of each window, found by comparing what the
 * windows read with y. It takes the kernel's elements times the memory of y.
 */
export function maxPoolGradientByTaps(
  { x, y, dy }: { readonly x: Value; readonly y: Value; readonly dy: Value },
  windows: PoolWindows,
): Value {
  const [batch, channels, ...lengths] = x.shape as [number, number, ...number[]];
  const counts = y.shape.slice(2);
  const planes = (of: Value, shape: Shape) => reshape(of, [batch * channels, 1, ...shape]);
  const taps = tapsOf(planes(x, lengths), counts, windows);
  const maxima = cast(equal(taps, planes(y, counts)), x.dtype);
  const shares = mul(firstOnly(maxima), planes(dy, counts));
  const { kernel, strides, dilations, pads } = windows;
  const whole = convTranspose(shares, placing(x.dtype, kernel), { strides, dilations });
  // From the first element of the input on; zeros for what no window reads.
  const begin = pads.slice(0, lengths.length);
  const read = lengths.map((length, axis) =>
    Math.min(begin[axis]! + length, whole.shape[axis + 2]!)
  );
  const axes = lengths.map((_, axis) => axis + 2);
  const inside = slice(whole, { starts: begin, ends: read, axes });
  const rest = lengths.map((length, axis) => length - inside.shape[axis + 2]!);
  const padded = pad(inside, [...x.shape.map(() => 0), 0, 0, ...rest]);
  return reshape(padded, x.shape);
}
