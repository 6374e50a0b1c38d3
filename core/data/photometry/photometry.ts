/**
 * Photometric graphs, loaded and run over the views of batches.
 *
 * @module
 */
import { allocate } from "../../engine/graph/dtype.ts";
import { elementCount } from "../../engine/graph/shape.ts";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import { encodeModel } from "../../engine/onnx/encode_model.ts";
import { type Binding, type Device, DeviceTensor, Session } from "../../engine/ort/mod.ts";
import { JITTER_STEPS } from "../views/parameters.ts";
import type { BatchedView } from "../loader/view_loader.ts";
import type { PhotometryInput } from "../views/pack_photometry.ts";
import type { ViewRecipe } from "../views/recipe.ts";
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

/** A view and its parameters, as the loader gives them. */
export type PhotometricView = Pick<BatchedView, "images" | "photometry">;

/** Bytes of intermediate values that a chunk of samples may have at a time, so that they stay in a core's cache. */
const CHUNK_BYTES = 2 << 20;

/** A graph for one selection of steps, bound to tensors for one chunk. */
interface Variant {
  readonly inputs: ReadonlyMap<string, DeviceTensor>;
  readonly views: DeviceTensor<"float32">;
  readonly pixels: DeviceTensor<"float32">;
  readonly binding: Binding;
}

/** What samples have in common that go through one variant: the costly steps, and where hue stands in the jitter. */
type VariantSteps = Pick<PhotometricSteps, "jitter" | "blur" | "huePosition">;

function variantKey({ jitter, blur, huePosition }: VariantSteps): string {
  return `${jitter} ${huePosition} ${blur}`;
}

/** The selections of steps that samples of a recipe come to. */
function selections(all: PhotometricSteps): VariantSteps[] {
  const jitters = all.jitter
    ? [0, 1, 2, 3].map((huePosition) => ({ jitter: true, huePosition }))
    : [];
  const blurs = all.blur ? [false, true] : [false];
  return [{ jitter: false }, ...jitters].flatMap((chosen) =>
    blurs.map((blur) => ({ ...chosen, blur }))
  );
}

/**
 * The photometric part of one recipe on one device. On the CPU, samples are grouped by the costly steps that were drawn
 * for them and run in chunks that fit into the cache; elsewhere the whole batch is one run.
 */
export class Photometry implements Disposable {
  readonly #options: PhotometryOptions;
  readonly #owned: DisposableStack;
  readonly #chunk: number;
  readonly #variants: ReadonlyMap<string, Variant>;

  private constructor(
    options: PhotometryOptions,
    owned: DisposableStack,
    chunk: number,
    variants: ReadonlyMap<string, Variant>,
  ) {
    this.#options = options;
    this.#owned = owned;
    this.#chunk = chunk;
    this.#variants = variants;
  }

  /** Builds and loads the graphs of a recipe. */
  static async create(options: PhotometryOptions): Promise<Photometry> {
    const { recipe, batchSize, device } = options;
    const all = stepsOf(recipe);
    const onCpu = device.provider === "cpu";
    const chunk = onCpu
      ? Math.max(1, Math.min(batchSize, Math.floor(CHUNK_BYTES / (recipe.size ** 2 * 12))))
      : batchSize;
    const owned = new DisposableStack();
    const variants = new Map<string, Variant>();
    try {
      for (const chosen of onCpu ? selections(all) : [all]) {
        const steps = { ...all, ...chosen };
        variants.set(variantKey(steps), await loadVariant(owned, options, steps, chunk));
      }
    } catch (error) {
      owned.dispose();
      throw error;
    }
    return new Photometry(options, owned, chunk, variants);
  }

  /**
   * Writes a batch of views, normalised, into a tensor `[N,3,S,S]` on the device.
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
      const variant = [...this.#variants.values()][0]!;
      feed(variant, view, Array.from({ length: batchSize }, (_, i) => i), this.#chunk);
      variant.binding.rebind({}, { views: into });
      await variant.binding.run();
      return;
    }
    const length = elementCount(into.type.shape.slice(1));
    await this.#run(view, (variant, sample, position) => {
      const made = variant.views.data.subarray(position * length, (position + 1) * length);
      into.data.set(made, sample * length);
    });
  }

  /** Views of a batch as pictures, uint8 `[N,S,S,3]`, not normalised; for people, on the CPU. */
  async pictures(view: PhotometricView): Promise<Tensor<"uint8">> {
    const data = new Uint8Array(elementCount(view.images.shape));
    const area = this.#options.recipe.size ** 2;
    if (this.#options.device.provider !== "cpu") {
      throw new TypeError("Cannot make pictures: the photometry must be on the CPU");
    }
    await this.#run(view, (variant, sample, position) => {
      const made = variant.pixels.data;
      for (let channel = 0; channel < 3; channel++) {
        for (let i = 0; i < area; i++) {
          data[(sample * area + i) * 3 + channel] = Math.round(
            255 * made[(position * 3 + channel) * area + i]!,
          );
        }
      }
    });
    return tensor("uint8", view.images.shape, data);
  }

  /** Runs all samples through their variants and hands each result over. */
  async #run(
    view: PhotometricView,
    take: (variant: Variant, sample: number, position: number) => void,
  ): Promise<void> {
    for (const [key, samples] of this.#grouped(view)) {
      const variant = this.#variants.get(key)!;
      for (let start = 0; start < samples.length; start += this.#chunk) {
        const chunk = samples.slice(start, start + this.#chunk);
        feed(variant, view, chunk, this.#chunk);
        await variant.binding.run();
        chunk.forEach((sample, position) => take(variant, sample, position));
      }
    }
  }

  /** Samples by the variant that they go through. */
  #grouped({ photometry, images }: PhotometricView): Map<string, number[]> {
    const groups = new Map<string, number[]>();
    const all = stepsOf(this.#options.recipe);
    for (let sample = 0; sample < images.shape[0]!; sample++) {
      const jitter = all.jitter && Number(photometry.jitter.data[sample]) !== 0;
      const order = photometry.jitter_order.data.subarray(4 * sample, 4 * sample + 4);
      const key = variantKey({
        jitter,
        blur: all.blur && Number(photometry.blur_sigma.data[sample]) !== 0,
        ...(jitter && { huePosition: Array.from(order, Number).indexOf(HUE) }),
      });
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [sample]);
      else group.push(sample);
    }
    return groups;
  }

  /** Releases the sessions. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

async function loadVariant(
  owned: DisposableStack,
  { recipe, device, threads }: PhotometryOptions,
  steps: PhotometricSteps,
  chunk: number,
): Promise<Variant> {
  const graph = buildPhotometricGraph({ recipe, batchSize: chunk, steps });
  const model = encodeModel({ outputs: { views: graph.views, pixels: graph.pixels } });
  const session = owned.use(
    await Session.create(model, { device, ...(threads !== undefined && { threads }) }),
  );
  const inputs = new Map(
    session.inputs.map((type) => [type.name, owned.use(DeviceTensor.empty(type, device))]),
  );
  const { shape } = graph.views;
  const views = owned.use(DeviceTensor.empty({ dtype: "float32", shape }, device));
  const pixels = owned.use(DeviceTensor.empty({ dtype: "float32", shape }, device));
  const binding = owned.use(session.bind(Object.fromEntries(inputs), { views, pixels }));
  return { inputs, views, pixels, binding };
}

/** Writes samples to a variant's inputs; what a chunk is short of is filled with its first sample. */
function feed(
  { inputs }: Variant,
  view: PhotometricView,
  samples: readonly number[],
  chunk: number,
): void {
  for (const [name, target] of inputs) {
    const source = name === "images" ? view.images : view.photometry[name as PhotometryInput];
    const length = elementCount(source.shape.slice(1));
    const data = allocate(source.dtype, chunk * length);
    for (let position = 0; position < chunk; position++) {
      const sample = samples[position] ?? samples[0]!;
      data.set(
        source.data.subarray(sample * length, (sample + 1) * length) as never,
        position * length,
      );
    }
    target.write({ ...target.type, data } as Tensor);
  }
}
