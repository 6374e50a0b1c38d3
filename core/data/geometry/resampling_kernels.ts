/**
 * The inner loops of resampling in WebAssembly, with instructions that multiply and add eight bytes by eight weights.
 *
 * A weight has 23 bits, such an instruction takes 16: it is cut into 256 times a high part and a low part, whose sums
 * are kept apart. What comes out is exact.
 *
 * @module
 */
import {
  add,
  bytes16,
  type Code,
  compileFunctions,
  type Declare,
  defineFunction,
  i16x8,
  i32x4,
  int,
  load,
  repeat,
  type Variable,
} from "./web_assembly.ts";

/** Bits after the point of a weight. */
const BITS = 22;

/** Bits of a weight's low part. */
export const LOW_BITS = 8;

const HALF = i32x4.splat(int(1 << (BITS - 1)));
const ZERO = i32x4.splat(int(0));

/** Of two pixels the reds, then the greens, then the blues, each as 16 bits. */
const PIXEL_PAIRS = bytes16.of(
  [0, 3, 1, 4, 2, 5].flatMap((at) => [at, 128]).concat([128, 128, 128, 128]),
);

/** Bytes beyond those that are asked for that the kernels may read and write. */
export const SLACK = 16;

/** Rows that pixels are gathered from at a time. */
export const BAND = 4;

/** Bytes of a pair of weights in a table: both high parts, then both low parts. */
const PAIR = 8;

const PARTS = [0, 1, 2, 3] as const;

/** Four times four sums of bytes, each by a weight. */
class Sums {
  readonly #high: readonly Variable[];
  readonly #low: readonly Variable[];
  readonly #highWeights: Variable;
  readonly #lowWeights: Variable;

  constructor(declare: Declare) {
    this.#high = PARTS.map(() => declare("i32x4"));
    this.#low = PARTS.map(() => declare("i32x4"));
    this.#highWeights = declare("i32x4");
    this.#lowWeights = declare("i32x4");
  }

  /** Begins at a half, so that the end is rounded. */
  begin(): Code[] {
    return [...this.#high.map((sum) => sum.set(ZERO)), ...this.#low.map((sum) => sum.set(HALF))];
  }

  /** Takes the pair of weights at an address. */
  weigh(address: Code): Code[] {
    return [
      this.#highWeights.set(i32x4.loadSplat(address)),
      this.#lowWeights.set(i32x4.loadSplat(add(address, int(PAIR / 2)))),
    ];
  }

  /** Adds pairs of bytes, each as 16 bits, to one of the four. */
  accumulate(part: (typeof PARTS)[number], pairs: Variable): Code[] {
    const to = (sum: Variable, weights: Variable) =>
      sum.set(i32x4.add(sum.value, i16x8.dot(pairs.value, weights.value)));
    return [to(this.#high[part]!, this.#highWeights), to(this.#low[part]!, this.#lowWeights)];
  }

  /** All sums as bytes. */
  get bytes(): Code {
    const whole = PARTS.map((part) => {
      const high = i32x4.shiftLeft(this.#high[part]!.value, LOW_BITS);
      return i32x4.shiftRight(i32x4.add(high, this.#low[part]!.value), BITS);
    });
    return bytes16.from(whole as unknown as readonly [Code, Code, Code, Code]);
  }
}

/**
 * Gathers `pixels` pixels of three bytes from each of {@link BAND} rows that are `pitch` bytes apart, to as many that are
 * `targetPitch` bytes apart. For each of these pixels the table has a distance from the row's begin in bytes, and the
 * weights of `pairs` pairs of neighbours.
 */
const gatherPixels = defineFunction(
  "gatherPixels",
  ["rows", "pitch", "table", "pairs", "target", "targetPitch", "pixels"],
  ({ rows, pitch, table, pairs, target, targetPitch, pixels }, declare) => {
    const sums = new Sums(declare);
    const [bytes, pick] = [declare("i32x4"), declare("i32x4")];
    const [first, from, to, left] = [
      declare("i32"),
      declare("i32"),
      declare("i32"),
      declare("i32"),
    ];
    const pixelPairs = bytes16.pick(bytes16.loadEight(from.value), pick.value);
    return [
      pick.set(PIXEL_PAIRS),
      repeat(
        pixels,
        1,
        ...sums.begin(),
        first.set(add(rows.value, load(table.value))),
        table.advance(int(4)),
        left.set(pairs.value),
        repeat(
          left,
          1,
          ...sums.weigh(table.value),
          from.set(first.value),
          ...PARTS.flatMap((row) => [
            bytes.set(pixelPairs),
            ...sums.accumulate(row, bytes),
            from.advance(pitch.value),
          ]),
          first.advance(int(6)),
          table.advance(int(PAIR)),
        ),
        bytes.set(sums.bytes),
        to.set(target.value),
        ...PARTS.flatMap((row) => [
          bytes16.storeFour(to.value, bytes.value, row),
          to.advance(targetPitch.value),
        ]),
        target.advance(int(3)),
      ),
    ];
  },
);

/** Sums up `pairs` pairs of rows of `length` bytes, `pitch` bytes apart, by a weight each. */
const sumRows = defineFunction(
  "sumRows",
  ["rows", "pitch", "table", "pairs", "target", "length"],
  ({ rows, pitch, table, pairs, target, length }, declare) => {
    const sums = new Sums(declare);
    const [upper, lower, zipped, words] = [
      declare("i32x4"),
      declare("i32x4"),
      declare("i32x4"),
      declare("i32x4"),
    ];
    const [from, at, left] = [declare("i32"), declare("i32"), declare("i32")];
    const accumulateHalf = (half: 0 | 1) => [
      zipped.set(bytes16.zip(upper.value, lower.value, half)),
      words.set(i16x8.half(zipped.value, 0)),
      ...sums.accumulate(half === 0 ? 0 : 2, words),
      words.set(i16x8.half(zipped.value, 1)),
      ...sums.accumulate(half === 0 ? 1 : 3, words),
    ];
    return [repeat(
      length,
      16,
      ...sums.begin(),
      from.set(rows.value),
      at.set(table.value),
      left.set(pairs.value),
      repeat(
        left,
        1,
        ...sums.weigh(at.value),
        upper.set(bytes16.load(from.value)),
        from.advance(pitch.value),
        lower.set(bytes16.load(from.value)),
        from.advance(pitch.value),
        ...accumulateHalf(0),
        ...accumulateHalf(1),
        at.advance(int(PAIR)),
      ),
      bytes16.store(target.value, sums.bytes),
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
    pairs: number,
    target: number,
    targetPitch: number,
    pixels: number,
  ): void;
  sumRows(
    rows: number,
    pitch: number,
    table: number,
    pairs: number,
    target: number,
    length: number,
  ): void;
}

/** Compiles the kernels. */
export function compileKernels(memory: WebAssembly.Memory): ResamplingKernels {
  return compileFunctions([gatherPixels, sumRows], memory) as unknown as ResamplingKernels;
}
