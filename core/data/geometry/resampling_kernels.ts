/**
 * The inner loops of resampling in WebAssembly, four channels or more at a time. In JavaScript, one by one, they take
 * five times as long.
 *
 * @module
 */
import {
  add,
  bytes16,
  type Code,
  compileFunctions,
  defineFunction,
  i32x4,
  int,
  load,
  repeat,
  type Variable,
} from "./web_assembly.ts";

/** Bits after the point of a weight. */
const BITS = 22;

const HALF = i32x4.splat(int(1 << (BITS - 1)));

/** Bytes beyond those that are asked for that the kernels may read and write. */
export const SLACK = 16;

/** Rows that pixels are gathered from at a time. */
export const BAND = 4;

/** Four sums that are kept side by side. */
type Sums = readonly [Variable, Variable, Variable, Variable];

const PARTS = [0, 1, 2, 3] as const;

/** Adds weighted bytes to a sum. */
function accumulate(sum: Variable, weight: Variable, bytes: Code): Code {
  return sum.set(i32x4.add(sum.value, i32x4.mul(weight.value, bytes)));
}

/** The integer parts of sums. */
function rounded(sums: Sums): Code {
  const [a, b, c, d] = sums.map(({ value }) => i32x4.shiftRight(value, BITS)) as
    & Code[]
    & [Code, Code, Code, Code];
  return bytes16.from([a, b, c, d]);
}

/**
 * Gathers `pixels` pixels of three bytes from each of {@link BAND} rows that are `pitch` bytes apart, to as many that are
 * `targetPitch` bytes apart. For each of these pixels the table has a distance from the row's begin in bytes and `taps`
 * weights.
 */
const gatherPixels = defineFunction(
  "gatherPixels",
  ["rows", "pitch", "table", "taps", "target", "targetPitch", "pixels"],
  ({ rows, pitch, table, taps, target, targetPitch, pixels }, declare) => {
    const sums: Sums = [declare("i32x4"), declare("i32x4"), declare("i32x4"), declare("i32x4")];
    const [weight, bytes] = [declare("i32x4"), declare("i32x4")];
    const [first, from, to, left] = [
      declare("i32"),
      declare("i32"),
      declare("i32"),
      declare("i32"),
    ];
    return [repeat(
      pixels,
      1,
      ...sums.map((sum) => sum.set(HALF)),
      first.set(add(rows.value, load(table.value))),
      table.advance(int(4)),
      left.set(taps.value),
      repeat(
        left,
        1,
        weight.set(i32x4.loadSplat(table.value)),
        from.set(first.value),
        ...sums.flatMap((sum) => [
          accumulate(sum, weight, i32x4.loadBytes(from.value)),
          from.advance(pitch.value),
        ]),
        first.advance(int(3)),
        table.advance(int(4)),
      ),
      bytes.set(rounded(sums)),
      to.set(target.value),
      ...PARTS.flatMap((row) => [
        bytes16.storeFour(to.value, bytes.value, row),
        to.advance(targetPitch.value),
      ]),
      target.advance(int(3)),
    )];
  },
);

/** Sums up `taps` rows of `length` bytes, `pitch` bytes apart, by a weight each. */
const sumRows = defineFunction(
  "sumRows",
  ["rows", "pitch", "weights", "taps", "target", "length"],
  ({ rows, pitch, weights, taps, target, length }, declare) => {
    const sums: Sums = [declare("i32x4"), declare("i32x4"), declare("i32x4"), declare("i32x4")];
    const [bytes, weight] = [declare("i32x4"), declare("i32x4")];
    const [from, at, left] = [declare("i32"), declare("i32"), declare("i32")];
    return [repeat(
      length,
      16,
      ...sums.map((sum) => sum.set(HALF)),
      from.set(rows.value),
      at.set(weights.value),
      left.set(taps.value),
      repeat(
        left,
        1,
        bytes.set(bytes16.load(from.value)),
        weight.set(i32x4.loadSplat(at.value)),
        ...PARTS.map((part) => accumulate(sums[part], weight, i32x4.quarter(bytes.value, part))),
        from.advance(pitch.value),
        at.advance(int(4)),
      ),
      bytes16.store(target.value, rounded(sums)),
      rows.advance(int(16)),
      target.advance(int(16)),
    )];
  },
);

/** The kernels over a memory. */
export interface ResamplingKernels {
  gatherPixels(
    rows: number,
    pitch: number,
    table: number,
    taps: number,
    target: number,
    targetPitch: number,
    pixels: number,
  ): void;
  sumRows(
    rows: number,
    pitch: number,
    weights: number,
    taps: number,
    target: number,
    length: number,
  ): void;
}

/** Compiles the kernels. */
export function compileKernels(memory: WebAssembly.Memory): ResamplingKernels {
  return compileFunctions([gatherPixels, sumRows], memory) as unknown as ResamplingKernels;
}
