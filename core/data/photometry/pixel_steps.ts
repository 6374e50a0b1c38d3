/**
 * The steps that change each pixel by itself, applied to one view on this thread: all of the photometry but the blur.
 *
 * A graph walks over the whole view for every operator, and a large view does not fit into a core's cache. Here a stretch
 * of it takes all steps before the next one does, which takes about a quarter of the time.
 *
 * Source of the formulas: as those of `colorJitter` and `shiftHue`, whose results these are but for rounding.
 *
 * @module
 */
import { JITTER_STEPS, type JitterParameters } from "../views/parameters.ts";
import type { ViewRecipe } from "../views/recipe.ts";
import { WHITE } from "./color_jitter.ts";
import { turnOf } from "./hue.ts";
import { compilePixelKernels, FOUR_FLOATS, type PixelKernels, SLACK } from "./pixel_kernels.ts";

/** What is done to a view, in this order; what is left out is not done. */
export interface PixelSteps {
  readonly jitter?: Omit<JitterParameters, "apply">;
  readonly grayscale?: boolean;
  /** Threshold of the solarization, in [0, 255]. */
  readonly solarize?: number;
  readonly normalize?: ViewRecipe["normalize"];
}

/** Bytes of a plane that take all steps before the next. */
const STRETCH = 2 ** 12;

/** Bytes that a step's numbers take at most. */
const TABLE = 32;

/** Tables of a view: four for the jitter, one for its mean, grayscale, solarization, normalisation. */
const MOST_TABLES = 8;

const PAGE = 2 ** 16;

interface Workspace {
  readonly memory: WebAssembly.Memory;
  readonly kernels: PixelKernels;
}

let opened: Workspace | undefined;

function openWorkspace(): Workspace {
  const memory = new WebAssembly.Memory({ initial: 1 });
  return { memory, kernels: compilePixelKernels(memory) };
}

/** A step over a stretch of each plane: where it begins in the plane, and its length, in bytes. */
type Step = (from: number, length: number) => void;

type Three = readonly [red: number, green: number, blue: number];

/** A view in the kernels' memory: tables, three planes of floats, the bytes that they are made of. */
class View {
  readonly #kernels: PixelKernels;
  readonly #floats: Float32Array;
  readonly #pixels: number;
  /** Bytes of a plane. */
  readonly #pitch: number;
  readonly #planes: Three;
  readonly #pending: Step[] = [];
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
      this.#inPlace((values, channel) => values.set(planeOf(image, channel)));
    } else {
      const bytes = new Uint8Array(memory.buffer, bytesAt, end - bytesAt);
      bytes.set(image);
      bytes.fill(0, image.length);
      this.#pending.push((from, length) =>
        kernels.spreadBytes(bytesAt + (3 * from) / 4, ...this.#stretch(from), length)
      );
    }
  }

  /** Hands over what a plane has of pixels. */
  #inPlace(take: (values: Float32Array, channel: number) => void): void {
    this.#planes.forEach((plane, channel) =>
      take(this.#floats.subarray(plane / 4, plane / 4 + this.#pixels), channel)
    );
  }

  /** Where a stretch of each plane begins. */
  #stretch(from: number): Three {
    const [red, green, blue] = this.#planes;
    return [red + from, green + from, blue + from];
  }

  /** Notes the numbers of a step. */
  #table(numbers: readonly number[]): number {
    const at = this.#tables;
    this.#floats.set(numbers, at / 4);
    this.#tables += TABLE;
    return at;
  }

  #add(kernel: "blend" | "solarize" | "normalize", numbers: readonly number[]): void {
    const table = this.#table(numbers);
    this.#pending.push((from, length) =>
      this.#kernels[kernel](...this.#stretch(from), length, table)
    );
  }

  /** Takes all steps so far, stretch by stretch. */
  #settle(): void {
    for (let from = 0; from < this.#pitch; from += STRETCH) {
      for (const step of this.#pending) step(from, Math.min(STRETCH, this.#pitch - from));
    }
    this.#pending.length = 0;
  }

  /** The mean gray after all steps so far. */
  #meanGray(): number {
    const table = this.#table([]);
    let sum = 0;
    this.#pending.push((from, length) => {
      this.#kernels.sumGray(...this.#stretch(from), length, table);
      for (const part of this.#floats.subarray(table / 4, table / 4 + 4)) sum += part;
    });
    this.#settle();
    return sum / this.#pixels;
  }

  /** Blends colours, each times a factor, with their gray times `ofGray`, plus an offset. */
  blend(factor: number, ofGray: number, offset: number): void {
    this.#add("blend", [factor, ofGray, offset]);
  }

  /** Blends with the mean gray. */
  contrast(factor: number): void {
    this.blend(factor, 0, (1 - factor) * this.#meanGray());
  }

  /** Shifts hues by turns in [-0.5, 0.5]. */
  hue(turns: number): void {
    const { sources, targets, rest, inverted } = turnOf(turns);
    const table = this.#table(inverted ? [rest, -1, 1] : [rest, 1, 0]);
    this.#pending.push((from, length) => {
      const planes = this.#stretch(from);
      const at = ([a, b, c]: Three): Three => [planes[a]!, planes[b]!, planes[c]!];
      this.#kernels.turnHue(...at(sources), ...at(targets), length, table);
    });
  }

  solarize(threshold: number): void {
    this.#add("solarize", [threshold]);
  }

  normalize({ mean, std }: ViewRecipe["normalize"]): void {
    this.#add("normalize", [
      ...std.map((each) => 1 / (WHITE * each)),
      ...mean.map((each, channel) => -each / std[channel]!),
    ]);
  }

  /** Writes the planes, one behind the other. */
  write(target: Float32Array): void {
    this.#settle();
    this.#inPlace((values, channel) => planeOf(target, channel).set(values));
  }
}

function planeOf(image: Float32Array, channel: number): Float32Array {
  const length = image.length / 3;
  return image.subarray(channel * length, (channel + 1) * length);
}

function applyJitter(view: View, jitter: NonNullable<PixelSteps["jitter"]>): void {
  for (const step of jitter.order) {
    const name = JITTER_STEPS[step]!;
    const drawn = jitter[name];
    if (drawn === (name === "hue" ? 0 : 1)) continue;
    if (name === "brightness") view.blend(drawn, 0, 0);
    else if (name === "contrast") view.contrast(drawn);
    else if (name === "saturation") view.blend(drawn, 1 - drawn, 0);
    else view.hue(drawn);
  }
}

/**
 * Applies steps in float32 on [0, 255], with clamping after each step of the jitter.
 *
 * @param image uint8 [H,W,3], or float32 [3,H,W]
 * @param target float32 [3,H,W]
 */
export function applyPixelSteps(
  image: Uint8Array | Float32Array,
  { jitter, grayscale, solarize, normalize }: PixelSteps,
  target: Float32Array,
): void {
  const view = new View(opened ??= openWorkspace(), image);
  if (jitter) applyJitter(view, jitter);
  if (grayscale) view.blend(0, 1, 0);
  if (solarize !== undefined) view.solarize(solarize);
  if (normalize) view.normalize(normalize);
  view.write(target);
}
