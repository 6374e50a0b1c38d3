/**
 * Inner loops over pixels in WebAssembly, and what steps write theirs with: four pixels of planes of floats at a time, in
 * place.
 *
 * @module
 */
import {
  bytes16,
  type Code,
  type Declare,
  defineFunction,
  f32x4,
  i32x4,
  int,
  repeat,
  type Variable,
  type WebAssemblyFunction,
} from "../geometry/web_assembly.ts";
import { WHITE } from "./color_jitter.ts";
import { GRAY } from "./color_map.ts";

/** Bytes of four floats; kernels take their lengths in bytes of a plane, in multiples of it. */
export const FOUR_FLOATS = 16;

/** Bytes beyond the pixels that `spreadBytes` may read. */
export const SLACK = 16;

/** One for each channel. */
export type Three<T> = readonly [T, T, T];

/** Makes one for each channel. */
export function three<T>(make: (channel: number) => T): Three<T> {
  return [make(0), make(1), make(2)];
}

const { add, sub, mul, min, max } = f32x4;

/** The three channels of four pixels. */
export interface PixelChannels {
  readonly values: Three<Variable>;
  /** Reads them. */
  readonly read: readonly Code[];
  /** Writes what they have become. */
  write(changed: Three<Code>): readonly Code[];
  /** Goes on to the next four pixels. */
  readonly advance: readonly Code[];
}

/** Numbers of a step's table. */
export interface TableNumbers {
  /** Each for all four pixels. */
  readonly numbers: readonly Code[];
  /** Reads them, before the loop. */
  readonly read: readonly Code[];
}

/** Constants that are the same for all pixels. */
export interface LoopConstants {
  readonly constants: readonly Code[];
  /** Sets them, before the loop. */
  readonly set: readonly Code[];
}

/** Declares the three channels of four pixels, and how they are read and written. */
export function channelsOf(planes: Three<Variable>, declare: Declare): PixelChannels {
  const values = three(() => declare("i32x4"));
  return {
    values,
    read: planes.map((plane, i) => values[i]!.set(bytes16.load(plane.value))),
    write: (changed: Three<Code>) =>
      planes.map((plane, i) => bytes16.store(plane.value, changed[i]!)),
    advance: planes.map((plane) => plane.advance(int(FOUR_FLOATS))),
  };
}

/** Declares numbers of a table, and how they are read before the loop, each for all four pixels. */
export function numbersOf(table: Variable, count: number, declare: Declare): TableNumbers {
  const numbers = Array.from({ length: count }, () => declare("i32x4"));
  const read = numbers.flatMap((number) => [
    number.set(i32x4.loadSplat(table.value)),
    table.advance(int(4)),
  ]);
  return { numbers: numbers.map(({ value }) => value), read };
}

/** Declares constants, and how they are set before the loop: within it they would be made anew for each four pixels. */
export function constantsOf(values: readonly Code[], declare: Declare): LoopConstants {
  const constants = values.map(() => declare("i32x4"));
  return {
    constants: constants.map(({ value }) => value),
    set: constants.map((constant, i) => constant.set(values[i]!)),
  };
}

const GRAY_WEIGHTS = GRAY.map((weight) => f32x4.of(weight));

/** The gray of a pixel by the weights of its channels. */
function grayOf(channels: Three<Variable>, weights: readonly Code[]): Code {
  const [red, green, blue] = three((i) => mul(channels[i]!.value, weights[i]!));
  return add(add(red, green), blue);
}

/** Turns interleaved bytes into planes. */
const spreadBytes = defineFunction(
  "spreadBytes",
  ["bytes", "red", "green", "blue", "length"],
  ({ bytes, red, green, blue, length }, declare) => {
    const pixels = declare("i32x4");
    const indices = three((channel) => [0, 3, 6, 9].flatMap((at) => [channel + at, 128, 128, 128]));
    const { constants, set } = constantsOf(indices.map(bytes16.of), declare);
    const { write, advance } = channelsOf([red, green, blue], declare);
    return [
      ...set,
      repeat(
        length,
        FOUR_FLOATS,
        pixels.set(bytes16.load(bytes.value)),
        ...write(three((i) => f32x4.from(bytes16.pick(pixels.value, constants[i]!)))),
        bytes.advance(int(12)),
        ...advance,
      ),
    ];
  },
);

/** Sums up the gray of all pixels in four sums at an address. */
const sumGray = defineFunction(
  "sumGray",
  ["red", "green", "blue", "length", "sums"],
  ({ red, green, blue, length, sums }, declare) => {
    const sum = declare("i32x4");
    const { constants: weights, set } = constantsOf(GRAY_WEIGHTS, declare);
    const { values, read, advance } = channelsOf([red, green, blue], declare);
    const more = add(sum.value, grayOf(values, weights));
    return [
      ...set,
      sum.set(f32x4.of(0)),
      repeat(length, FOUR_FLOATS, ...read, sum.set(more), ...advance),
      bytes16.store(sums.value, sum.value),
    ];
  },
);

/** Blends with a reference and clips: by the table, a factor times the colour, plus one times its gray, plus a third. */
const blend = defineFunction(
  "blend",
  ["red", "green", "blue", "length", "table"],
  ({ red, green, blue, length, table }, declare) => {
    const reference = declare("i32x4");
    const { numbers, read: readTable } = numbersOf(table, 3, declare);
    const [factor, ofGray, offset] = numbers as unknown as Three<Code>;
    const { constants: weights, set } = constantsOf(GRAY_WEIGHTS, declare);
    const { constants: [black, white], set: setRange } = constantsOf(
      [f32x4.of(0), f32x4.of(WHITE)],
      declare,
    );
    const { values, read, write, advance } = channelsOf([red, green, blue], declare);
    const blended = (channel: number) =>
      min(max(add(mul(values[channel]!.value, factor), reference.value), black!), white!);
    return [
      ...readTable,
      ...set,
      ...setRange,
      repeat(
        length,
        FOUR_FLOATS,
        ...read,
        reference.set(add(mul(grayOf(values, weights), ofGray), offset)),
        ...write(three(blended)),
        ...advance,
      ),
    ];
  },
);

/**
 * Turns hues by at most half a sextant, from the first channel towards the second. Before that, by the table's second
 * and third number, colours stay (1 and 0) or are turned by half the circle (-1 and 1). The first number is the turn, a.
 *
 * In the terms of `shiftHue`, where 2 x - (x + n + p) is x - n - p,
 *
 *     x' = clip(x - n + max(m + a c, m + v - a c - p), m, v).
 */
export const turnHue: WebAssemblyFunction = defineFunction(
  "turnHue",
  ["first", "second", "third", "toFirst", "toSecond", "toThird", "length", "table"],
  ({ first, second, third, toFirst, toSecond, toThird, length, table }, declare) => {
    const [most, least, rising, falling] = [
      declare("i32x4"),
      declare("i32x4"),
      declare("i32x4"),
      declare("i32x4"),
    ];
    const [both, part] = [declare("i32x4"), declare("i32x4")];
    const { numbers, read: readTable } = numbersOf(table, 3, declare);
    const [turn, sign, inverted] = numbers as unknown as Three<Code>;
    const from = channelsOf([first, second, third], declare);
    const to = channelsOf([toFirst, toSecond, toThird], declare);
    const [a, b, c] = three((channel) => from.values[channel]!.value);
    const turned = (own: number) => {
      const [x, next, last] = three((k) => from.values[(own + k) % 3]!.value);
      const shifted = add(sub(x, next), max(rising.value, sub(falling.value, last)));
      return max(min(shifted, most.value), least.value);
    };
    return [
      ...readTable,
      repeat(
        length,
        FOUR_FLOATS,
        ...from.read,
        most.set(max(max(a, b), c)),
        least.set(min(min(a, b), c)),
        both.set(add(most.value, least.value)),
        part.set(mul(sub(most.value, least.value), turn)),
        rising.set(add(least.value, part.value)),
        falling.set(sub(both.value, part.value)),
        both.set(mul(both.value, inverted)),
        ...from.values.map((channel) => channel.set(add(mul(channel.value, sign), both.value))),
        ...to.write(three(turned)),
        ...from.advance,
        ...to.advance,
      ),
    ];
  },
);

/** By the table, scales each channel and adds to it: three factors, three offsets. */
const normalize = defineFunction(
  "normalize",
  ["red", "green", "blue", "length", "table"],
  ({ red, green, blue, length, table }, declare) => {
    const { numbers, read: readTable } = numbersOf(table, 6, declare);
    const { values, read, write, advance } = channelsOf([red, green, blue], declare);
    const scaled = (channel: number) =>
      add(mul(values[channel]!.value, numbers[channel]!), numbers[channel + 3]!);
    return [
      ...readTable,
      repeat(length, FOUR_FLOATS, ...read, ...write(three(scaled)), ...advance),
    ];
  },
);

/** The kernels that views need whatever their steps are; `turnHue` is the jitter's own. */
export const COMMON_KERNELS: readonly WebAssemblyFunction[] = [
  spreadBytes,
  sumGray,
  blend,
  normalize,
];
