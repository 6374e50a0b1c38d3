/**
 * The tensors of a step where they lie on a device: in the vectors that they are packed into, or by themselves.
 *
 * @module
 */
import { filled, type Tensor, type TensorType } from "../graph/tensor.ts";
import { type Pack, piecesOf } from "../optim/pack.ts";
import { type Device, DeviceTensor } from "../ort/mod.ts";
import type { StepTensor } from "./build_step.ts";

/** Elements that are set to zero at a time, so that the host never holds a vector beside the device. */
const ZEROED = 1 << 20;

function clear(vector: DeviceTensor): void {
  const { dtype, shape } = vector.type;
  const length = shape[0]!;
  for (let offset = 0; offset < length; offset += ZEROED) {
    const zeros = filled(dtype, [Math.min(ZEROED, length - offset)], 0);
    using part = DeviceTensor.part(vector, offset, zeros);
    part.write(zeros);
  }
}

/** Gives tensors their places on a device. */
export class PackedTensors {
  /** The pieces of vectors that models read and make, by name; what lies between tensors is zero. */
  readonly pieces: ReadonlyMap<string, DeviceTensor>;
  readonly #device: Device;
  readonly #owner: DisposableStack;
  readonly #places: ReadonlyMap<string, { readonly vector: DeviceTensor; readonly offset: number }>;

  /**
   * Places all vectors.
   *
   * @param owner disposes of all that is placed
   * @throws {OrtError} if the device has no room
   */
  constructor(packs: readonly Pack[], device: Device, owner: DisposableStack) {
    this.#device = device;
    this.#owner = owner;
    const vectors = packs.map((pack) => {
      const vector = owner.use(
        DeviceTensor.empty({ dtype: pack.dtype, shape: [pack.length] }, device),
      );
      clear(vector);
      return { pack, vector };
    });
    this.pieces = new Map(
      vectors.flatMap(({ pack, vector }) =>
        piecesOf(pack).map(({ name, offset, length }) => {
          const type = { dtype: pack.dtype, shape: [length] };
          return [name, owner.use(DeviceTensor.part(vector, offset, type))] as const;
        })
      ),
    );
    this.#places = new Map(
      vectors.flatMap(({ pack: { members }, vector }) =>
        members.map(({ name, offset }) => [name, { vector, offset }] as const)
      ),
    );
  }

  /**
   * The place of a tensor, which holds anything.
   *
   * @throws {OrtError} if the device has no room
   */
  empty(name: string, { dtype, shape }: TensorType): DeviceTensor {
    const place = this.#places.get(name);
    return this.#owner.use(
      place === undefined
        ? DeviceTensor.empty({ dtype, shape }, this.#device)
        : DeviceTensor.part(place.vector, place.offset, { dtype, shape }),
    );
  }

  /**
   * The vectors in which some tensors lie, each once, and those of them that lie in none by themselves.
   *
   * @param placed the tensors where they lie, by name
   */
  vectorsOf(placed: ReadonlyMap<string, DeviceTensor>): DeviceTensor[] {
    return [
      ...new Set([...placed].map(([name, tensor]) => this.#places.get(name)?.vector ?? tensor)),
    ];
  }

  /**
   * The place of a tensor, which holds a value.
   *
   * @throws {OrtError} if the device has no room
   */
  put(name: string, value: Tensor): DeviceTensor {
    const place = this.empty(name, value);
    place.write(value);
    return place;
  }

  /**
   * The places of some tensors, which hold anything, by name.
   *
   * @throws {OrtError} if the device has no room
   */
  emptyAll(types: readonly StepTensor[]): Map<string, DeviceTensor> {
    return new Map(types.map(({ name, ...type }) => [name, this.empty(name, type)]));
  }

  /**
   * The places of some tensors, which hold values, by name.
   *
   * @param values a value for each of the names
   * @throws {OrtError} if the device has no room
   */
  putAll(
    tensors: readonly Pick<StepTensor, "name">[],
    values: ReadonlyMap<string, Tensor>,
  ): Map<string, DeviceTensor> {
    return new Map(tensors.map(({ name }) => [name, this.put(name, values.get(name)!)]));
  }

  /**
   * The places of scalars that are set at each step, and are 0 until then, by name.
   *
   * @throws {OrtError} if the device has no room
   */
  zeros(types: readonly StepTensor[]): Map<string, DeviceTensor> {
    return new Map(
      types.map(({ name, dtype, shape }) => [name, this.put(name, filled(dtype, shape, 0))]),
    );
  }
}
