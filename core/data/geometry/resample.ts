/**
 * Resizing of 8-bit RGB images with Pillow's arithmetic: first along the rows, then along the columns, in fixed point
 * with 22 bits, rounded to 8 bits in between. The results are Pillow's, bit for bit.
 *
 * Source: Pillow, `src/libImaging/Resample.c`, `ImagingResampleHorizontal_8bpc` and `ImagingResampleVertical_8bpc`.
 *
 * @module
 */
import type { AxisWeights } from "./axis_weights.ts";
import {
  BAND,
  compileKernels,
  LOW_BITS,
  type ResamplingKernels,
  SLACK,
} from "./resampling_kernels.ts";

/** A window of an RGB image. */
export interface RgbWindow {
  readonly data: Uint8Array<ArrayBuffer>;
  /** Index of the first pixel's red byte. */
  readonly offset: number;
  /** Bytes from one row to the next. */
  readonly pitch: number;
  readonly width: number;
  readonly height: number;
}

/** Bytes of a page of memory. */
const PAGE = 2 ** 16;

/** Rows of an image that are copied to the kernels' memory at a time, so that a large one does not take as much again. */
const STRETCH = 16 * BAND;

/** The kernels of this thread, and the memory they work on. */
interface Workspace {
  readonly memory: WebAssembly.Memory;
  readonly kernels: ResamplingKernels;
}

let opened: Workspace | undefined;

function openWorkspace(): Workspace {
  const memory = new WebAssembly.Memory({ initial: 1 });
  return { memory, kernels: compileKernels(memory) };
}

/** A length in bytes with slack after it, aligned. */
function withSlack(length: number): number {
  return Math.ceil((length + SLACK) / SLACK) * SLACK;
}

/** Addresses of stretches of memory, which grows if need be: each of a length in bytes, with slack after it. */
function layOut(memory: WebAssembly.Memory, lengths: readonly number[]): number[] {
  let end = 0;
  const addresses = lengths.map((length) => {
    const address = end;
    end += withSlack(length);
    return address;
  });
  memory.grow(Math.max(0, Math.ceil((end - memory.buffer.byteLength) / PAGE)));
  return addresses;
}

/** The weights of an axis as the kernels read them. */
interface WeightTable {
  readonly words: Int32Array<ArrayBuffer>;
  /** Pairs of weights that each pixel has; those that it does not need are zero. */
  readonly pairs: number;
}

/** Two numbers of 16 bits, the first one in the lower half. */
function pack(first: number, second: number): number {
  return (first & 0xffff) | (second << 16);
}

/**
 * Tabulates the weights of an axis, and before those of each pixel where it begins, in units of `unit`. Weights that a
 * pixel at the border does not have are zero: what follows the row is read there with weight 0.
 */
function tabulate({ starts, taps, weights, stride }: AxisWeights, unit: number): WeightTable {
  const pairs = Math.ceil(taps.reduce((most, count) => Math.max(most, count)) / 2);
  const words = new Int32Array(starts.length * (1 + 2 * pairs));
  const low = 2 ** LOW_BITS - 1;
  let at = 0;
  for (let i = 0; i < starts.length; i++) {
    words[at++] = starts[i]! * unit;
    for (let tap = 0; tap < 2 * pairs; tap += 2) {
      const first = tap < stride ? weights[i * stride + tap]! : 0;
      const second = tap + 1 < stride ? weights[i * stride + tap + 1]! : 0;
      words[at++] = pack(first >> LOW_BITS, second >> LOW_BITS);
      words[at++] = pack(first & low, second & low);
    }
  }
  return { words, pairs };
}

/** Mirrors the pixels of a table. */
function mirror({ words, pairs }: WeightTable): WeightTable {
  const each = 1 + 2 * pairs;
  const turned = new Int32Array(words.length);
  for (let at = 0; at < words.length; at += each) {
    turned.set(words.subarray(at, at + each), words.length - each - at);
  }
  return { words: turned, pairs };
}

/**
 * Resizes a window by the weights of its axes into `target`, from `offset` on.
 *
 * @param flip whether the result is mirrored left to right
 */
export function resample(
  { data, offset: begin, pitch, width, height }: RgbWindow,
  horizontal: AxisWeights,
  vertical: AxisWeights,
  flip: boolean,
  target: Uint8Array<ArrayBuffer>,
  offset: number,
): void {
  const { memory, kernels } = opened ??= openWorkspace();
  const [columns, lines] = [horizontal.starts.length, vertical.starts.length];
  // A pixel is written as four bytes, the last of them into the slack.
  const rowLength = withSlack(3 * columns);
  const unturned = tabulate(horizontal, 3);
  const across = flip ? mirror(unturned) : unturned;
  const down = tabulate(vertical, rowLength);
  const [image, acrossAt, downAt, rows, result] = layOut(memory, [
    STRETCH * pitch,
    across.words.byteLength,
    down.words.byteLength,
    (height + BAND + 2 * down.pairs) * rowLength,
    lines * 3 * columns,
  ]) as number[] & [number, number, number, number, number];
  const bytes = new Uint8Array(memory.buffer);
  new Int32Array(memory.buffer, acrossAt).set(across.words);
  new Int32Array(memory.buffer, downAt).set(down.words);
  const end = begin + (height - 1) * pitch + 3 * width;
  for (let y = 0; y < height; y += STRETCH) {
    const start = begin + y * pitch;
    bytes.set(data.subarray(start, Math.min(end, start + STRETCH * pitch)), image);
    for (let line = 0; line < Math.min(STRETCH, height - y); line += BAND) {
      const [from, to] = [image + line * pitch, rows + (y + line) * rowLength];
      kernels.gatherPixels(from, pitch, acrossAt, across.pairs, to, rowLength, columns);
    }
  }
  for (let i = 0; i < lines; i++) {
    const at = downAt + 4 * i * (1 + 2 * down.pairs);
    const from = rows + down.words[i * (1 + 2 * down.pairs)]!;
    const pairs = Math.ceil(vertical.taps[i]! / 2);
    kernels.sumRows(from, rowLength, at + 4, pairs, result + i * 3 * columns, 3 * columns);
  }
  target.set(bytes.subarray(result, result + lines * 3 * columns), offset);
}
