/**
 * Updates run by ONNX Runtime: every tensor that a step changes is bound in place, as in training.
 *
 * @module
 */
import { allocate } from "../../../../core/engine/graph/dtype.ts";
import { elementCount } from "../../../../core/engine/graph/shape.ts";
import {
  filled,
  type Tensor,
  tensor,
  type TensorType,
} from "../../../../core/engine/graph/tensor.ts";
import { encodeModel } from "../../../../core/engine/onnx/mod.ts";
import type { UpdateGraph } from "../../../../core/engine/optim/mod.ts";
import { type Binding, CPU, DeviceTensor, Session } from "../../../../core/engine/ort/mod.ts";
import { PackedTensors } from "../../../../core/engine/step/packed_tensors.ts";

/** How an update is run. */
export interface UpdateRunOptions {
  /** Whether results are written over what they replace (default true). */
  readonly inPlace?: boolean;
  readonly threads?: number | undefined;
}

/** A running update; keeps parameters, slots and averages from step to step. */
export class UpdateRun implements Disposable {
  readonly #update: UpdateGraph;
  readonly #session: Session;
  readonly #owned = new DisposableStack();
  readonly #inputs: Readonly<Record<string, DeviceTensor>>;
  readonly #outputs: Readonly<Record<string, DeviceTensor>>;
  /** Tensors that lie in pieces. */
  readonly #packed = new Map<string, DeviceTensor>();
  readonly #binding: Binding;

  private constructor(
    update: UpdateGraph,
    session: Session,
    initial: Readonly<Record<string, Tensor>>,
    inPlace: boolean,
  ) {
    this.#update = update;
    this.#session = session;
    const slots = new Map(update.slots.map((slot) => [slot.name, slot.initial]));
    const types = new Map<string, TensorType>([
      ...Object.entries(initial).map(([name, type]) => [`gradient.${name}`, type] as const),
      ...update.slots.map(({ name, type }) => [name, type] as const),
    ]);
    const packed = new PackedTensors(update.packs, CPU, this.#owned);
    for (const { members } of update.packs) {
      for (const { name } of members) {
        const type = initial[name] ?? types.get(name);
        if (type === undefined) continue;
        const value = initial[name] ?? filled(type.dtype, type.shape, slots.get(name) ?? 0);
        this.#packed.set(name, packed.put(name, value));
      }
    }
    this.#inputs = Object.fromEntries(
      session.inputs.map(({ name, dtype, shape }) => [
        name,
        packed.pieces.get(name) ??
          DeviceTensor.from(initial[name] ?? filled(dtype, shape, slots.get(name) ?? 0)),
      ]),
    );
    this.#outputs = Object.fromEntries(
      session.outputs.map((type) => [
        type.name,
        inPlace && type.name.startsWith("next.")
          ? this.#inputs[type.name.slice("next.".length)]!
          : DeviceTensor.empty(type),
      ]),
    );
    this.#binding = session.bind(this.#inputs, this.#outputs);
  }

  /** Loads an update; what `initial` lacks starts as the slots say. */
  static async create(
    update: UpdateGraph,
    initial: Readonly<Record<string, Tensor>>,
    { inPlace = true, threads = 1 }: UpdateRunOptions = {},
  ): Promise<UpdateRun> {
    const model = encodeModel({ outputs: update.outputs, inputs: update.inputs });
    return new UpdateRun(update, await Session.create(model, { threads }), initial, inPlace);
  }

  /** Takes one step with these gradients and scalars. */
  async step(
    gradients: Readonly<Record<string, Tensor>>,
    scalars: Readonly<Record<string, number>>,
  ): Promise<void> {
    for (const [name, gradient] of Object.entries(gradients)) {
      this.#place(`gradient.${name}`).write(gradient);
    }
    for (const name of this.#update.scalars) {
      const { type } = this.#inputs[name]!;
      const value = scalars[name];
      if (value === undefined) throw new TypeError(`The update takes the scalar ${name}`);
      this.#inputs[name]!.write(filled(type.dtype, type.shape, value));
    }
    await this.#binding.run();
    for (const { name } of this.#update.updated) {
      const [before, after] = [this.#inputs[name]!, this.#outputs[`next.${name}`]!];
      if (before !== after) before.write(after.read());
    }
  }

  /** Sets an input that stays until it is set again. */
  write(name: string, value: Tensor): void {
    this.#place(name).write(value);
  }

  #place(name: string): DeviceTensor {
    return this.#packed.get(name) ?? this.#inputs[name]!;
  }

  /** A parameter, slot or average by its name, or another output. */
  read(name: string): Tensor {
    return (this.#packed.get(name) ?? this.#outputs[`next.${name}`] ?? this.#outputs[name]!).read();
  }

  [Symbol.dispose](): void {
    this.#binding[Symbol.dispose]();
    for (const tensor of [...Object.values(this.#inputs), ...Object.values(this.#outputs)]) {
      tensor[Symbol.dispose]();
    }
    this.#owned[Symbol.dispose]();
    this.#session[Symbol.dispose]();
  }
}

/** A tensor of floats in another precision. */
export function asType(value: Tensor, dtype: "float32" | "float64"): Tensor {
  const data = allocate(dtype, elementCount(value.shape));
  data.set(value.data as Float64Array);
  return tensor(dtype, value.shape, data);
}
