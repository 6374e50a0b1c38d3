/**
 * Lanes: what one thread needs to run photometric graphs over chunks of samples.
 *
 * @module
 */
import { elementCount } from "../../engine/graph/shape.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { type Binding, type Device, DeviceTensor, type Session } from "../../engine/ort/mod.ts";
import { allocate } from "../../engine/graph/dtype.ts";
import type { BatchedView } from "../loader/view_loader.ts";
import type { PhotometryInput } from "../views/pack_photometry.ts";

/** A view and its parameters, as the loader gives them. */
export type PhotometricView = Pick<BatchedView, "images" | "photometry">;

/** Samples of a batch that go through one graph together. */
export interface Chunk {
  readonly session: Session;
  /** At most as many as the graph was built for. */
  readonly samples: readonly number[];
}

/** Tensors that all graphs of a recipe are bound to, and the bindings. One chunk is in a lane at a time. */
export class Lane implements Disposable {
  readonly #device: Device;
  readonly #owned = new DisposableStack();
  readonly #inputs = new Map<string, DeviceTensor>();
  readonly #bindings = new Map<Session, Binding>();
  /** float32 `[N,3,S,S]`: what the last chunk came to; what it was short of is filled with its first sample. */
  readonly views: DeviceTensor<"float32">;

  /** @param shape of the views, `[N,3,S,S]` */
  constructor(shape: readonly number[], device: Device) {
    this.#device = device;
    this.views = this.#owned.use(DeviceTensor.empty({ dtype: "float32", shape }, device));
  }

  /** Runs a chunk, into a tensor of the lane's or into one that is given. */
  async run(
    view: PhotometricView,
    { session, samples }: Chunk,
    into: DeviceTensor<"float32"> = this.views,
  ): Promise<void> {
    for (const { name } of session.inputs) {
      const source = name === "images" ? view.images : view.photometry[name as PhotometryInput];
      writeSamples(this.#input(name, source), source, samples);
    }
    const binding = this.#binding(session);
    binding.rebind({}, { views: into });
    await binding.run();
  }

  #input(name: string, { dtype, shape }: Tensor): DeviceTensor {
    const known = this.#inputs.get(name);
    if (known !== undefined) return known;
    const chunkShape = [this.views.type.shape[0]!, ...shape.slice(1)];
    const made = DeviceTensor.empty({ dtype, shape: chunkShape }, this.#device);
    this.#inputs.set(name, this.#owned.use(made));
    return made;
  }

  #binding(session: Session): Binding {
    const known = this.#bindings.get(session);
    if (known !== undefined) return known;
    const inputs = session.inputs.map(({ name }) => [name, this.#inputs.get(name)!] as const);
    const made = session.bind(Object.fromEntries(inputs), { views: this.views });
    this.#bindings.set(session, this.#owned.use(made));
    return made;
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
