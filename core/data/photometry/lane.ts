/**
 * Lanes: what one thread needs to run a photometric graph over chunks of samples.
 *
 * @module
 */
import { elementCount } from "../../engine/graph/shape.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { type Binding, DeviceTensor, type Session } from "../../engine/ort/mod.ts";
import { allocate } from "../../engine/graph/dtype.ts";
import type { BatchedView } from "../loader/view_loader.ts";

/** A view and its parameters, as the loader gives them. */
export type PhotometricView = Pick<BatchedView, "images" | "photometry" | "parameters">;

/** Tensors that a graph is bound to. One chunk is in a lane at a time. */
export class Lane implements Disposable {
  readonly #owned = new DisposableStack();
  readonly #inputs: ReadonlyMap<string, DeviceTensor>;
  readonly #binding: Binding;
  /** float32 `[N,3,S,S]`: the views of the last chunk; a shorter one is filled up with its first sample. */
  readonly views: DeviceTensor<"float32">;

  constructor(session: Session) {
    const { device } = session;
    const inputs = session.inputs.map((type) =>
      [type.name, this.#owned.use(DeviceTensor.empty(type, device))] as const
    );
    const { shape } = session.outputs[0]!;
    this.#inputs = new Map(inputs);
    this.views = this.#owned.use(DeviceTensor.empty({ dtype: "float32", shape }, device));
    this.#binding = this.#owned.use(
      session.bind(Object.fromEntries(inputs), { views: this.views }),
    );
  }

  /**
   * Runs samples of a batch, at most as many as the graph was built for, into a tensor of the lane's or into one that
   * is given.
   */
  async run(
    view: PhotometricView,
    samples: readonly number[],
    into: DeviceTensor<"float32"> = this.views,
  ): Promise<void> {
    for (const [name, target] of this.#inputs) {
      const source = name === "images" ? view.images : view.photometry[name]!;
      writeSamples(target, source, samples);
    }
    this.#binding.rebind({}, { views: into });
    await this.#binding.run();
  }

  /** Frees the tensors. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

/** Writes samples of a batch to a tensor for a chunk. */
function writeSamples(target: DeviceTensor, source: Tensor, samples: readonly number[]): void {
  const length = elementCount(source.shape.slice(1));
  const chunk = target.type.shape[0]!;
  const onCpu = target.device.provider === "cpu";
  const data = onCpu ? target.data : allocate(source.dtype, chunk * length);
  for (let position = 0; position < chunk; position++) {
    const sample = samples[position] ?? samples[0]!;
    const from = source.data.subarray(sample * length, (sample + 1) * length);
    (data as Uint8Array).set(from as Uint8Array, position * length);
  }
  if (!onCpu) target.write({ ...target.type, data });
}
