/**
 * Photometry of views in chunks, through one graph that has all steps.
 *
 * @module
 */
import { elementCount } from "../../engine/graph/shape.ts";
import { withTarget } from "../../engine/graph/target.ts";
import { encodeModel } from "../../engine/onnx/encode_model.ts";
import { type Device, type DeviceTensor, Session } from "../../engine/ort/mod.ts";
import type { ViewRecipe } from "../views/recipe.ts";
import { Lane, type PhotometricView } from "./lane.ts";
import { buildPhotometricGraph } from "./photometric_graph.ts";

/** What {@linkcode ChunkedViews} are made for. */
export interface ChunkedViewsOptions {
  readonly recipe: ViewRecipe;
  readonly device: Device;
  /** Views that run together; all of a batch where the device is not the CPU. */
  readonly chunkSize: number;
  /** Chunks that run at once. */
  readonly lanes: number;
}

/** Photometry of views that run in chunks, in parallel on the threads of a CPU, or as a whole on another device. */
export class ChunkedViews implements Disposable {
  readonly #chunkSize: number;
  readonly #session: Session;
  readonly #lanes: readonly Lane[];

  private constructor({ chunkSize, lanes }: ChunkedViewsOptions, session: Session) {
    this.#chunkSize = chunkSize;
    this.#session = session;
    this.#lanes = Array.from({ length: lanes }, () => new Lane(session));
  }

  /** Builds and loads the graph of a recipe. */
  static async create(options: ChunkedViewsOptions): Promise<ChunkedViews> {
    const { recipe, device, chunkSize } = options;
    const { views } = withTarget(
      { provider: device.provider },
      () => buildPhotometricGraph({ recipe, batchSize: chunkSize }),
    );
    const session = await Session.create(encodeModel({ outputs: { views } }), {
      device,
      threads: 1,
    });
    return new ChunkedViews(options, session);
  }

  /** Writes a batch of views, normalised, into a tensor `[N,3,S,S]` on the device. */
  async apply(view: PhotometricView, into: DeviceTensor<"float32">): Promise<void> {
    const count = view.images.shape[0]!;
    const chunks = Array.from({ length: Math.ceil(count / this.#chunkSize) }, (_, i) => {
      const start = i * this.#chunkSize;
      const end = Math.min(count, start + this.#chunkSize);
      return Array.from({ length: end - start }, (_, k) => start + k);
    });
    if (this.#session.device.provider !== "cpu") {
      await this.#lanes[0]!.run(view, chunks[0]!, into);
      return;
    }
    const length = elementCount(into.type.shape.slice(1));
    const waiting = chunks.values();
    await Promise.all(this.#lanes.map(async (lane) => {
      for (const samples of waiting) {
        await lane.run(view, samples);
        const views = lane.views.data.subarray(0, samples.length * length);
        into.data.set(views, samples[0]! * length);
      }
    }));
  }

  /** Releases the session. */
  [Symbol.dispose](): void {
    for (const lane of this.#lanes) lane[Symbol.dispose]();
    this.#session[Symbol.dispose]();
  }
}
