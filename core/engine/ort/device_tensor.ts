/**
 * Tensors that live on a device.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import { allocate, byteSize, type DataOf, type DType, viewBytes } from "../graph/dtype.ts";
import { elementCount, type Shape } from "../graph/shape.ts";
import {
  bytesOf,
  formatType,
  sameType,
  type Tensor,
  tensor,
  type TensorType,
} from "../graph/tensor.ts";
import { obtain } from "./api.ts";
import { cShape } from "./c_values.ts";
import { CPU, type Device, formatDevice } from "./device.ts";
import { deviceMemory } from "./device_memory.ts";
import { elementNumber } from "../onnx/element_types.ts";
import { environment } from "./environment.ts";
import { Handle, type Owned } from "./handle.ts";
import { checkTurn, freeInTurn } from "./turns.ts";

/** The `OrtValue*` of a tensor, for the other files of this folder. */
let handleOf: (tensor: DeviceTensor) => Handle;

/**
 * Keeps the tensor of a view alive as long as the view: the memory under it is the tensor's, and is freed when the
 * tensor is collected.
 */
const owners = new WeakMap<ArrayBuffer, object>();

/**
 * A tensor that lives on a device: what sessions read and write without a copy.
 *
 * Its memory is allocated by ONNX Runtime, aligned to at least 64 bytes on the host, and is freed when the tensor is
 * disposed and no binding holds it any more. Forgotten tensors are freed when they are collected.
 */
export class DeviceTensor<D extends DType = DType> implements Disposable {
  /** Element type and shape. */
  readonly type: TensorType & { readonly dtype: D };
  /** Where the memory is. */
  readonly device: Device;
  readonly #handle: Handle;
  #view: DataOf<D> | undefined;

  static {
    handleOf = (tensor) => tensor.#handle;
  }

  private constructor(
    type: TensorType & { readonly dtype: D },
    device: Device,
    owned: Pick<Owned, "pointer" | "release">,
  ) {
    this.type = { dtype: type.dtype, shape: [...type.shape] };
    this.device = device;
    this.#handle = new Handle(this, { name: `the ${formatType(type)}`, ...owned });
  }

  /**
   * A tensor whose elements are whatever its memory held before.
   *
   * @throws {RangeError} if a length is not a non-negative integer
   * @throws {OrtError} if the device has no room
   */
  static empty<D extends DType>(
    type: { readonly dtype: D; readonly shape: Shape },
    device: Device = CPU,
  ): DeviceTensor<D> {
    const wrong = type.shape.find((length) => !Number.isSafeInteger(length) || length < 0);
    if (wrong !== undefined) {
      throw new GenviewRangeError(
        `Cannot allocate a ${
          formatType(type)
        }: lengths must be non-negative integers, found ${wrong}`,
      );
    }
    checkTurn(device, `allocate a ${formatType(type)}`);
    const { api } = environment();
    const shape = cShape(type.shape);
    const allocator = device.provider === "cpu"
      ? environment().allocator
      : deviceMemory(device).allocator;
    const pointer = obtain(
      api,
      `allocate a ${formatType(type)} on ${formatDevice(device)}`,
      (out) =>
        api.CreateTensorAsOrtValue(
          allocator,
          shape,
          BigInt(shape.length),
          elementNumber(type.dtype),
          out,
        ),
    );
    const release = (value: Deno.PointerObject) =>
      freeInTurn(device, () => api.ReleaseValue(value));
    return new DeviceTensor(type, device, { pointer, release });
  }

  /**
   * A part of another tensor's memory as a tensor of its own: what is written to one is read from the other. The memory
   * is freed when neither is in use any more.
   *
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { float32 } from "../graph/tensor.ts";
   * import { DeviceTensor } from "./device_tensor.ts";
   *
   * using whole = DeviceTensor.from(float32([6], [1, 2, 3, 4, 5, 6]));
   * using middle = DeviceTensor.part(whole, 2, { dtype: "float32", shape: [1, 2] });
   * middle.write(float32([1, 2], [30, 40]));
   * assertEquals([...whole.data], [1, 2, 30, 40, 5, 6]);
   * ```
   *
   * @param whole on a device whose memory has addresses: the CPU or CUDA
   * @param offset elements of the whole before the part
   * @param type of the whole's element type
   * @throws {RangeError} if the part reaches beyond the whole
   * @throws {TypeError} if the element types differ, the device is WebGPU, or the whole is disposed
   */
  static part<D extends DType>(
    whole: DeviceTensor,
    offset: number,
    type: { readonly dtype: D; readonly shape: Shape },
  ): DeviceTensor<D> {
    const handle = whole.#handle;
    const value = handle.pointer;
    const { device, type: { dtype, shape: outer } } = whole;
    if (device.provider === "webgpu" || type.dtype !== dtype) {
      throw new GenviewTypeError(
        `Cannot take a ${formatType(type)} as a part of a ${formatType(whole.type)} on ${
          formatDevice(device)
        }: both must have one element type, and the device addresses, as cpu and cuda do`,
      );
    }
    const length = elementCount(type.shape);
    const room = elementCount(outer);
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + length > room) {
      throw new GenviewRangeError(
        `Cannot take a ${formatType(type)} as a part of a ${
          formatType(whole.type)
        }: it must lie in ` +
          `it, found ${length} elements from element ${offset} on`,
      );
    }
    const { api, hostMemory } = environment();
    const start = obtain(
      api,
      "find a tensor's memory",
      (out) => api.GetTensorMutableData(value, out),
    );
    const width = byteSize(dtype);
    const address = Deno.UnsafePointer.value(start) + BigInt(offset * width);
    const shape = cShape(type.shape);
    const pointer = obtain(
      api,
      `take a ${formatType(type)} as a part of a tensor`,
      (out) =>
        api.CreateTensorWithDataAsOrtValue(
          device.provider === "cpu" ? hostMemory : deviceMemory(device).memory,
          Deno.UnsafePointer.create(address),
          BigInt(length * width),
          shape,
          BigInt(shape.length),
          elementNumber(dtype),
          out,
        ),
    );
    handle.retain();
    return new DeviceTensor(type, device, {
      pointer,
      release(part) {
        api.ReleaseValue(part);
        handle.drop();
      },
    });
  }

  /**
   * A copy of a host tensor.
   *
   * @throws {OrtError} if the device has no room
   */
  static from<D extends DType>(value: Tensor<D>, device: Device = CPU): DeviceTensor<D> {
    using owned = new DisposableStack();
    const copy = owned.use(DeviceTensor.empty(value, device));
    copy.write(value);
    owned.move();
    return copy;
  }

  /**
   * The elements in place, without a copy; on the CPU only. Disposing the tensor empties the view.
   *
   * @throws {TypeError} if the tensor is on another device or disposed
   */
  get data(): DataOf<D> {
    const pointer = this.#handle.pointer;
    if (this.device.provider !== "cpu") {
      throw new GenviewTypeError(
        `Cannot view the data of a ${formatType(this.type)} in place: it must be on cpu, ` +
          `found ${formatDevice(this.device)}; read() copies it`,
      );
    }
    return this.#view ??= this.#createView(pointer);
  }

  #createView(value: Deno.PointerObject): DataOf<D> {
    const { dtype, shape } = this.type;
    const bytes = elementCount(shape) * byteSize(dtype);
    if (bytes === 0) return allocate(dtype, 0);
    const { api } = environment();
    const memory = obtain(
      api,
      "find a tensor's memory",
      (out) => api.GetTensorMutableData(value, out),
    );
    const buffer = Deno.UnsafePointerView.getArrayBuffer(memory, bytes) as ArrayBuffer;
    owners.set(buffer, this);
    return viewBytes(dtype, new Uint8Array(buffer));
  }

  /**
   * Overwrites the elements. Returns when they are there; do not call it while a run uses the tensor.
   *
   * @throws {TypeError} if the types differ, or the tensor is disposed
   */
  write(value: Tensor<D>): void {
    const pointer = this.#handle.pointer;
    if (!sameType(value, this.type)) {
      throw new GenviewTypeError(
        `Cannot write to a ${formatType(this.type)}: the type must be the same, found ${
          formatType(value)
        }`,
      );
    }
    if (this.device.provider === "cpu") {
      (this.data as Uint8Array).set(value.data as Uint8Array);
    } else {
      checkTurn(this.device, `write to a ${formatType(this.type)}`);
      deviceMemory(this.device).write(pointer, bytesOf(value));
    }
  }

  /**
   * A copy on the host. Returns when it is there; do not call it while a run writes the tensor.
   *
   * @throws {TypeError} if the tensor is disposed
   */
  read(): Tensor<D> {
    const pointer = this.#handle.pointer;
    const { dtype, shape } = this.type;
    const copy = tensor(dtype, shape, allocate(dtype, elementCount(shape)));
    if (this.device.provider === "cpu") {
      (copy.data as Uint8Array).set(this.data as Uint8Array);
    } else {
      checkTurn(this.device, `read a ${formatType(this.type)}`);
      deviceMemory(this.device).read(pointer, bytesOf(copy));
    }
    return copy;
  }

  /** Frees the memory as soon as no binding holds it, and empties the view of its data. */
  [Symbol.dispose](): void {
    // Detaching is what keeps a stale view from reading or writing freed memory.
    this.#view?.buffer.transfer(0);
    this.#view = undefined;
    this.#handle.close();
  }
}

/** The `OrtValue*` of a tensor. */
export function tensorHandle(tensor: DeviceTensor): Handle {
  return handleOf(tensor);
}
