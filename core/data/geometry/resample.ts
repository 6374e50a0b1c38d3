/**
 * Resizing of 8-bit RGB images with Pillow's arithmetic: first along the rows, then along the columns, in fixed point
 * with 22 bits, rounded to 8 bits in between. The results are Pillow's, bit for bit.
 *
 * Source: Pillow, `src/libImaging/Resample.c`, `ImagingResampleHorizontal_8bpc` and `ImagingResampleVertical_8bpc`.
 *
 * @module
 */
import type { AxisWeights } from "./axis_weights.ts";
import { BAND, compileKernels, type ResamplingKernels, SLACK } from "./resampling_kernels.ts";

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

/** A length in bytes with slack behind it, aligned. */
function withSlack(length: number): number {
  return Math.ceil((length + SLACK) / SLACK) * SLACK;
}

/** Addresses of stretches of memory, which grows if need be: each of a length in bytes, with slack behind it. */
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

/**
 * The horizontal axis as the kernel reads it: for each pixel the first one's distance in bytes, and `taps` weights. Those
 * that a pixel at the border does not have are zero: what lies behind the row is read there, and counts nothing.
 */
function tabulate({ starts, weights, stride }: AxisWeights, taps: number, flip: boolean) {
  const count = starts.length;
  const table = new Int32Array(count * (1 + taps));
  for (let i = 0; i < count; i++) {
    const at = (flip ? count - 1 - i : i) * (1 + taps);
    table[at] = 3 * starts[i]!;
    for (let k = 0; k < taps; k++) table[at + 1 + k] = weights[i * stride + k]!;
  }
  return table;
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
  const taps = horizontal.taps.reduce((most, count) => Math.max(most, count));
  const table = tabulate(horizontal, taps, flip);
  const [columns, lines] = [horizontal.starts.length, vertical.starts.length];
  const [inLength, outLength] = [3 * width, 3 * columns];
  // A pixel is written as four bytes, the last of them into the slack.
  const outPitch = withSlack(outLength);
  const [band, tableAt, weightsAt, rows, result] = layOut(memory, [
    BAND * inLength,
    table.byteLength,
    vertical.weights.byteLength,
    (height + BAND) * outPitch,
    lines * outLength,
  ]) as number[] & [number, number, number, number, number];
  const bytes = new Uint8Array(memory.buffer);
  new Int32Array(memory.buffer, tableAt).set(table);
  new Int32Array(memory.buffer, weightsAt).set(vertical.weights);
  for (let y = 0; y < height; y++) {
    const from = begin + y * pitch;
    const line = y % BAND;
    bytes.set(data.subarray(from, from + inLength), band + line * inLength);
    if (line < BAND - 1 && y < height - 1) continue;
    const to = rows + (y - line) * outPitch;
    kernels.gatherPixels(band, inLength, tableAt, taps, to, outPitch, columns);
  }
  for (let i = 0; i < lines; i++) {
    kernels.sumRows(
      rows + vertical.starts[i]! * outPitch,
      outPitch,
      weightsAt + 4 * i * vertical.stride,
      vertical.taps[i]!,
      result + i * outLength,
      outLength,
    );
  }
  target.set(bytes.subarray(result, result + lines * outLength), offset);
}
