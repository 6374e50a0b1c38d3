/**
 * The steps that change each pixel by itself, applied to one view on this thread.
 *
 * A graph walks over the whole view for every operator, and a large view does not fit into a core's cache. Here a stretch
 * of it takes all steps before the next one does, which takes about a quarter of the time.
 *
 * Source of the formulas: as those of `colorJitter` and `shiftHue`, whose results these are but for rounding.
 *
 * @module
 */
import { compileFunctions } from "../geometry/web_assembly.ts";
import type { Normalization } from "../views/recipe.ts";
import { PHOTOMETRIC_STEPS } from "../views/steps/mod.ts";
import { WHITE } from "./color_jitter.ts";
import { COMMON_KERNELS, FOUR_FLOATS, SLACK, type Three } from "./pixel_kernels.ts";

/** A view on this thread, as steps that change each pixel by itself see it: three planes of floats in [0, 255]. */
export interface PixelView {
  /**
   * Adds an inner loop to what is done to the view.
   *
   * @param kernel name of a WebAssembly function of a step, or of one that all steps share; it takes the planes'
   * addresses, the length in bytes, and the address of the numbers
   * @param numbers at most 8
   * @param channels whose planes it takes (default red, green and blue)
   */
  run(kernel: string, numbers: readonly number[], channels?: readonly number[]): void;
  /** Blends colours, each times a factor, with their gray times `ofGray`, plus an offset, and clips to [0, 255]. */
  blend(factor: number, ofGray: number, offset: number): void;
  /** The mean gray after all steps so far. */
  meanGray(): number;
  /** Normalises pixels in [0, 255]. */
  normalize(normalization: Normalization): void;
  /** Changes the planes' pixels, row by row, after all steps so far. */
  change(work: (plane: Float32Array, channel: number) => void): void;
}

/** Adds a step to what is done to a view. */
export type PixelStep = (view: PixelView) => void;

/** Bytes of a plane that take all steps before the next. */
const STRETCH = 2 ** 12;

/** Bytes that a step's numbers take at most. */
const TABLE = 32;

/** Tables of a view: the four parts of a jitter and its mean take five, most steps one. */
const MOST_TABLES = 16;

const PAGE = 2 ** 16;

type Kernel = (...parameters: readonly number[]) => void;

interface Workspace {
  readonly memory: WebAssembly.Memory;
  readonly kernels: Readonly<Record<string, Kernel>>;
}

let opened: Workspace | undefined;

function openWorkspace(): Workspace {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const ofSteps = PHOTOMETRIC_STEPS.flatMap(({ kernel }) =>
    kernel?.kind === "pixels" ? kernel.functions ?? [] : []
  );
  return { memory, kernels: compileFunctions([...COMMON_KERNELS, ...ofSteps], memory) };
}

/** A step over a stretch of each plane: where it begins in the plane, and its length, in bytes. */
type StretchStep = (from: number, length: number) => void;

/** A view in the kernels' memory: tables, three planes of floats, the bytes that they are made of. */
class LoadedView implements PixelView {
  readonly #kernels: Readonly<Record<string, Kernel>>;
  readonly #floats: Float32Array;
  readonly #pixels: number;
  /** Bytes of a plane. */
  readonly #pitch: number;
  readonly #planes: Three<number>;
  readonly #pending: StretchStep[] = [];
  #tables = 0;

  /** @param image as {@linkcode applyPixelSteps} takes it */
  constructor({ memory, kernels }: Workspace, image: Uint8Array | Float32Array) {
    this.#kernels = kernels;
    this.#pixels = image.length / 3;
    this.#pitch = Math.ceil((4 * this.#pixels) / FOUR_FLOATS) * FOUR_FLOATS;
    const first = MOST_TABLES * TABLE;
    this.#planes = [first, first + this.#pitch, first + 2 * this.#pitch];
    const bytesAt = first + 3 * this.#pitch;
    const end = bytesAt + 3 * this.#pixels + SLACK;
    memory.grow(Math.max(0, Math.ceil((end - memory.buffer.byteLength) / PAGE)));
    this.#floats = new Float32Array(memory.buffer);
    // Pixels that fill up the last four are black, and stay so as long as grays are summed up.
    if (image instanceof Float32Array) {
      this.#floats.fill(0, first / 4, bytesAt / 4);
      this.#onPlanes((values, channel) => values.set(planeOf(image, channel)));
    } else {
      const bytes = new Uint8Array(memory.buffer, bytesAt, end - bytesAt);
      bytes.set(image);
      bytes.fill(0, image.length);
      const [red, green, blue] = this.#planes;
      this.#pending.push((from, length) =>
        kernels["spreadBytes"]!(
          bytesAt + (3 * from) / 4,
          red + from,
          green + from,
          blue + from,
          length,
        )
      );
    }
  }

  /** Hands over each plane's pixels. */
  #onPlanes(take: (values: Float32Array, channel: number) => void): void {
    this.#planes.forEach((plane, channel) =>
      take(this.#floats.subarray(plane / 4, plane / 4 + this.#pixels), channel)
    );
  }

  /** Notes the numbers of a step. */
  #table(numbers: readonly number[]): number {
    const at = this.#tables;
    if (at >= MOST_TABLES * TABLE) {
      throw new Error(`Internal: a view must have at most ${MOST_TABLES} tables of numbers`);
    }
    this.#floats.set(numbers, at / 4);
    this.#tables += TABLE;
    return at;
  }

  /** Takes all steps so far, stretch by stretch. */
  #settle(): void {
    for (let from = 0; from < this.#pitch; from += STRETCH) {
      for (const step of this.#pending) step(from, Math.min(STRETCH, this.#pitch - from));
    }
    this.#pending.length = 0;
  }

  run(kernel: string, numbers: readonly number[], channels: readonly number[] = [0, 1, 2]): void {
    const work = this.#kernels[kernel]!;
    const table = this.#table(numbers);
    const planes = channels.map((channel) => this.#planes[channel]!);
    this.#pending.push((from, length) =>
      work(...planes.map((plane) => plane + from), length, table)
    );
  }

  blend(factor: number, ofGray: number, offset: number): void {
    this.run("blend", [factor, ofGray, offset]);
  }

  meanGray(): number {
    const table = this.#table([]);
    const [red, green, blue] = this.#planes;
    let sum = 0;
    this.#pending.push((from, length) => {
      this.#kernels["sumGray"]!(red + from, green + from, blue + from, length, table);
      for (const part of this.#floats.subarray(table / 4, table / 4 + 4)) sum += part;
    });
    this.#settle();
    return sum / this.#pixels;
  }

  normalize({ mean, std }: Normalization): void {
    this.run("normalize", [
      ...std.map((each) => 1 / (WHITE * each)),
      ...mean.map((each, channel) => -each / std[channel]!),
    ]);
  }

  change(work: (plane: Float32Array, channel: number) => void): void {
    this.#settle();
    this.#onPlanes(work);
  }

  /** Writes the planes one after the other. */
  write(target: Float32Array): void {
    this.change((values, channel) => planeOf(target, channel).set(values));
  }
}

function planeOf(image: Float32Array, channel: number): Float32Array {
  const length = image.length / 3;
  return image.subarray(channel * length, (channel + 1) * length);
}

/**
 * Applies steps in float32 on [0, 255], with clamping after each part of the jitter.
 *
 * @param image uint8 [H,W,3], or float32 [3,H,W]
 * @param target float32 [3,H,W]
 */
export function applyPixelSteps(
  image: Uint8Array | Float32Array,
  steps: readonly PixelStep[],
  target: Float32Array,
): void {
  const view = new LoadedView(opened ??= openWorkspace(), image);
  for (const step of steps) step(view);
  view.write(target);
}
