/**
 * The photometric part of a view recipe, loaded and run over the views of batches.
 *
 * @module
 */
import { elementCount } from "../../engine/graph/shape.ts";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import type { Value } from "../../engine/graph/value.ts";
import { encodeModel } from "../../engine/onnx/encode_model.ts";
import { probeChannelBlock } from "../../engine/ops/conv_gradients/blocked_layout.ts";
import { type Device, type DeviceTensor, Session } from "../../engine/ort/mod.ts";
import { JITTER_STEPS } from "../views/parameters.ts";
import type { ViewRecipe } from "../views/recipe.ts";
import { WHITE } from "./color_jitter.ts";
import { type Chunk, Lane, type PhotometricView } from "./lane.ts";
import { buildPhotometricGraph, type PhotometricSteps, stepsOf } from "./photometric_graph.ts";

/** What a {@linkcode Photometry} is made for. */
export interface PhotometryOptions {
  readonly recipe: ViewRecipe;
  /** Views in a batch. */
  readonly batchSize: number;
  readonly device: Device;
  /** Threads on the CPU; all cores when left out. */
  readonly threads?: number;
}

const HUE = JITTER_STEPS.indexOf("hue");

/**
 * Pixels from which on a CPU gains by running each view by itself, with only the steps that were drawn for it. Smaller
 * views cost less than the run does.
 */
const PIXELS_ALONE = 112 ** 2;

/** Pixels that a run of smaller views has together. */
const PIXELS_TOGETHER = 64 * 32 ** 2;

/** The steps that views differ in, as drawn for one of them. */
type DrawnSteps = Pick<PhotometricSteps, "jitter" | "blur" | "solarize" | "huePosition">;

function nameOf({ jitter, huePosition, blur, solarize }: DrawnSteps): string {
  return `${jitter} ${huePosition} ${blur} ${solarize}`;
}

/** All that can be drawn of a recipe's steps. */
function drawable(all: PhotometricSteps): DrawnSteps[] {
  const either = (has: boolean) => has ? [false, true] : [false];
  const jitters = all.jitter ? [0, 1, 2, 3].map((at) => ({ jitter: true, huePosition: at })) : [];
  return [{ jitter: false }, ...jitters].flatMap((jitter) =>
    either(all.blur).flatMap((blur) =>
      either(all.solarize).map((solarize) => ({ ...jitter, blur, solarize }))
    )
  );
}

/** How many views are run together. */
function chunkSize({ recipe, batchSize, device }: PhotometryOptions): number {
  if (device.provider !== "cpu") return batchSize;
  const pixels = recipe.size ** 2;
  if (pixels >= PIXELS_ALONE) return 1;
  return Math.min(batchSize, Math.floor(PIXELS_TOGETHER / pixels));
}

/**
 * The photometric part of one recipe on one device. On the CPU large views run one by one, side by side on the threads,
 * each through a graph of the steps that were drawn for it. Small views run in chunks, and on other devices the batch
 * runs as a whole, through one graph that has all steps.
 */
export class Photometry implements Disposable {
  readonly #options: PhotometryOptions;
  readonly #owned: DisposableStack;
  readonly #chunk: number;
  /** By the name of the drawn steps; a single one, for all of them, where views run together. */
  readonly #sessions: ReadonlyMap<string, Session>;
  readonly #lanes: readonly Lane[];

  private constructor(
    options: PhotometryOptions,
    owned: DisposableStack,
    sessions: ReadonlyMap<string, Session>,
  ) {
    const { recipe, batchSize, device, threads = navigator.hardwareConcurrency } = options;
    this.#options = options;
    this.#owned = owned;
    this.#chunk = chunkSize(options);
    this.#sessions = sessions;
    const shape = [this.#chunk, 3, recipe.size, recipe.size];
    const count = device.provider === "cpu"
      ? Math.min(threads, Math.ceil(batchSize / this.#chunk))
      : 1;
    this.#lanes = Array.from({ length: count }, () => owned.use(new Lane(shape, device)));
  }

  /** Builds and loads the graphs of a recipe. */
  static async create(options: PhotometryOptions): Promise<Photometry> {
    const all = stepsOf(options.recipe);
    const batchSize = chunkSize(options);
    const owned = new DisposableStack();
    const sessions = new Map<string, Session>();
    const channelBlock = alone(options) && all.blur ? await probeChannelBlock(runOnce) : 1;
    try {
      for (const drawn of alone(options) ? drawable(all) : [all]) {
        const steps = { ...all, ...drawn };
        const { recipe, device } = options;
        const { views } = buildPhotometricGraph({ recipe, batchSize, steps, channelBlock });
        const session = await Session.create(encodeModel({ outputs: { views } }), {
          device,
          threads: 1,
        });
        sessions.set(nameOf(drawn), owned.use(session));
      }
      return new Photometry(options, owned, sessions);
    } catch (error) {
      owned.dispose();
      throw error;
    }
  }

  /**
   * Writes a batch of views, normalised, into a tensor `[N,3,S,S]` on the device. One batch at a time.
   *
   * @throws {RangeError} if there are not as many views as the batch has
   */
  async apply(view: PhotometricView, into: DeviceTensor<"float32">): Promise<void> {
    const { batchSize, device } = this.#options;
    if (view.images.shape[0] !== batchSize) {
      throw new RangeError(
        `Cannot apply photometry: the batch must have ${batchSize} views, found ${
          view.images.shape[0]
        }`,
      );
    }
    if (device.provider !== "cpu") {
      await this.#lanes[0]!.run(view, [...this.#chunks(view)][0]!, into);
      return;
    }
    const length = elementCount(into.type.shape.slice(1));
    await this.#run(view, (views, sample, position) => {
      into.data.set(views.subarray(position * length, (position + 1) * length), sample * length);
    });
  }

  /** Views of a batch as pictures, uint8 `[N,S,S,3]`, not normalised; for people. */
  async pictures(view: PhotometricView): Promise<Tensor<"uint8">> {
    const { size, normalize: { mean, std } } = this.#options.recipe;
    const data = new Uint8ClampedArray(elementCount(view.images.shape));
    const area = size ** 2;
    await this.#run(view, (views, sample, position) => {
      for (let channel = 0; channel < 3; channel++) {
        const from = (position * 3 + channel) * area;
        for (let i = 0; i < area; i++) {
          const value = views[from + i]! * std[channel]! + mean[channel]!;
          data[(sample * area + i) * 3 + channel] = WHITE * value;
        }
      }
    });
    return tensor("uint8", view.images.shape, new Uint8Array(data.buffer));
  }

  /** Runs all samples, as many chunks at a time as there are lanes, and hands each result over. */
  async #run(
    view: PhotometricView,
    take: (views: Float32Array, sample: number, position: number) => void,
  ): Promise<void> {
    const chunks = this.#chunks(view);
    await Promise.all(this.#lanes.map(async (lane) => {
      for (const chunk of chunks) {
        await lane.run(view, chunk);
        const views = lane.views.device.provider === "cpu"
          ? lane.views.data
          : lane.views.read().data;
        chunk.samples.forEach((sample, position) => take(views, sample, position));
      }
    }));
  }

  /** The chunks of a batch, to be shared by lanes. */
  #chunks({ images, photometry }: PhotometricView): IteratorObject<Chunk> {
    const count = images.shape[0]!;
    const all = stepsOf(this.#options.recipe);
    const starts = Array.from(
      { length: Math.ceil(count / this.#chunk) },
      (_, i) => i * this.#chunk,
    );
    return starts.values().map((start) => {
      const end = Math.min(count, start + this.#chunk);
      const samples = Array.from({ length: end - start }, (_, i) => start + i);
      const drawn = alone(this.#options) ? drawnFor(start, photometry, all) : all;
      return { session: this.#sessions.get(nameOf(drawn))!, samples };
    });
  }

  /** Releases the sessions. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

async function runOnce(outputs: Readonly<Record<string, Value>>): Promise<Record<string, Tensor>> {
  using session = await Session.create(encodeModel({ outputs }), { threads: 1 });
  return await session.run({});
}

/** Whether views run one by one. */
function alone({ device, recipe }: PhotometryOptions): boolean {
  return device.provider === "cpu" && recipe.size ** 2 >= PIXELS_ALONE;
}

/** Those of a recipe's steps that were drawn for a sample. */
function drawnFor(
  sample: number,
  { jitter, jitter_order, blur_sigma, solarize }: PhotometricView["photometry"],
  all: PhotometricSteps,
): DrawnSteps {
  const isOn = ({ data }: Tensor) => Number(data[sample]) !== 0;
  const order = Array.from(jitter_order.data.subarray(4 * sample, 4 * sample + 4), Number);
  return {
    jitter: all.jitter && isOn(jitter),
    ...(all.jitter && isOn(jitter) && { huePosition: order.indexOf(HUE) }),
    blur: all.blur && isOn(blur_sigma),
    solarize: all.solarize && isOn(solarize),
  };
}
