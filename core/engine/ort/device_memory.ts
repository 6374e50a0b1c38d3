/**
 * Memory of devices other than the CPU: allocating it and copying to and from the host.
 *
 * Bytes are copied by a session of one `Identity` node on the device, whose input and output are bound to memory on
 * either side: ONNX Runtime then copies with the provider's own means. The C API's `CopyTensors` would be shorter, but
 * serves only providers that are registered as plug-ins, which the CUDA provider that comes with ONNX Runtime is not
 * unless it finds the GPU by itself, a thing that fails in many containers.
 *
 * @module
 */
import type { DType } from "../graph/dtype.ts";
import { encodeCopyModel } from "../onnx/copy_model.ts";
import { obtain } from "./api.ts";
import { cShape, cString } from "./c_values.ts";
import { type Device, formatDevice } from "./device.ts";
import { elementNumber } from "../onnx/element_types.ts";
import { environment } from "./environment.ts";
import { check } from "./error.ts";
import { createSessionOptions } from "./session_options.ts";

/** How a provider's memory is addressed. */
export interface MemoryKind {
  /** What ONNX Runtime calls the memory. */
  readonly name: string;
  /** What bytes are copied as. */
  readonly unit: Extract<DType, "uint8" | "int32">;
  readonly unitBytes: number;
  /** Most bytes copied at a time, so that the provider's staging memory stays small. */
  readonly chunkBytes: number;
}

const KINDS: Readonly<Record<Device["provider"], MemoryKind>> = {
  // Host memory needs no copies, but they can be tried on it.
  cpu: { name: "Cpu", unit: "uint8", unitBytes: 1, chunkBytes: 64 << 20 },
  cuda: { name: "Cuda", unit: "uint8", unitBytes: 1, chunkBytes: 64 << 20 },
  // A WebGPU buffer is known by a handle, which cannot be advanced, and its kernels know no bytes.
  webgpu: { name: "WebGPU_Buf", unit: "int32", unitBytes: 4, chunkBytes: Infinity },
};

const DEVICE_ALLOCATOR = 0;
const DEFAULT_MEMORY = 0;
const INPUT = cString("x");
const OUTPUT = cString("y");

const memories = new Map<string, DeviceMemory>();

/**
 * Memory of a device; the first call starts the device, which can take seconds, and keeps it until the process ends.
 *
 * @throws {OrtError} if the device cannot be had
 */
export function deviceMemory(device: Device): DeviceMemory {
  const key = formatDevice(device);
  let memory = memories.get(key);
  if (memory === undefined) {
    memory = new DeviceMemory(device);
    memories.set(key, memory);
  }
  return memory;
}

/** Memory of one device. Its objects live as long as the process: tensors that outlive others use the allocator. */
export class DeviceMemory {
  /** `OrtAllocator*`. */
  readonly allocator: Deno.PointerObject;
  /** `OrtMemoryInfo*`, what tensors on memory that lies there already are made with. */
  readonly memory: Deno.PointerObject;
  readonly #kind: MemoryKind;
  readonly #session: Deno.PointerObject;
  readonly #binding: Deno.PointerObject;

  /** Starts the device, whose memory is addressed as its provider's by default. */
  constructor(device: Device, kind: MemoryKind = KINDS[device.provider]) {
    const { api } = environment();
    const where = formatDevice(device);
    this.#kind = kind;
    using owned = new DisposableStack();
    this.#session = owned.adopt(
      createCopySession(device, kind.unit),
      (session) => api.ReleaseSession(session),
    );
    this.memory = owned.adopt(
      obtain(
        api,
        `describe the memory of ${where}`,
        (out) =>
          api.CreateMemoryInfo(
            cString(kind.name),
            DEVICE_ALLOCATOR,
            device.index,
            DEFAULT_MEMORY,
            out,
          ),
      ),
      (memory) => api.ReleaseMemoryInfo(memory),
    );
    this.allocator = owned.adopt(
      obtain(
        api,
        `find the allocator of ${where}`,
        (out) => api.CreateAllocator(this.#session, this.memory, out),
      ),
      (allocator) => api.ReleaseAllocator(allocator),
    );
    this.#binding = obtain(
      api,
      "create a binding",
      (out) => api.CreateIoBinding(this.#session, out),
    );
    // Nothing has thrown: from here on all of them live as long as the process.
    owned.move();
  }

  /** Copies bytes into the memory of an `OrtValue*`. */
  write(value: Deno.PointerObject, bytes: Uint8Array<ArrayBuffer>): void {
    const host = this.#padded(bytes);
    if (host !== bytes) host.set(bytes);
    this.#copyChunks(value, host, (device, part) => this.#copy(part, device));
  }

  /** Copies the memory of an `OrtValue*` out. */
  read(value: Deno.PointerObject, bytes: Uint8Array<ArrayBuffer>): void {
    const host = this.#padded(bytes);
    this.#copyChunks(value, host, (device, part) => this.#copy(device, part));
    if (host !== bytes) bytes.set(host.subarray(0, bytes.length));
  }

  /** The bytes themselves, or room for a whole number of units where they are none. */
  #padded(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const { unitBytes } = this.#kind;
    const length = Math.ceil(bytes.length / unitBytes) * unitBytes;
    return length === bytes.length ? bytes : new Uint8Array(length);
  }

  /** Gives matching parts of device and host memory, each as an `OrtValue*`. */
  #copyChunks(
    value: Deno.PointerObject,
    bytes: Uint8Array<ArrayBuffer>,
    copy: (device: Deno.PointerObject, host: Deno.PointerObject) => void,
  ): void {
    if (bytes.length === 0) return;
    const { api, hostMemory } = environment();
    const start = obtain(
      api,
      "find a tensor's memory",
      (out) => api.GetTensorMutableData(value, out),
    );
    for (let offset = 0; offset < bytes.length; offset += this.#kind.chunkBytes) {
      const part = bytes.subarray(offset, Math.min(bytes.length, offset + this.#kind.chunkBytes));
      const address = Deno.UnsafePointer.value(start) + BigInt(offset);
      const device = this.#wrap(this.memory, Deno.UnsafePointer.create(address), part.length);
      const host = this.#wrap(hostMemory, Deno.UnsafePointer.of(part), part.length);
      try {
        copy(device, host);
      } finally {
        api.ReleaseValue(device);
        api.ReleaseValue(host);
      }
    }
  }

  #wrap(
    memory: Deno.PointerObject,
    start: Deno.PointerValue,
    bytes: number,
  ): Deno.PointerObject {
    const { api } = environment();
    const shape = cShape([bytes / this.#kind.unitBytes]);
    return obtain(api, "wrap a tensor's memory", (out) =>
      api.CreateTensorWithDataAsOrtValue(
        memory,
        start,
        BigInt(bytes),
        shape,
        1n,
        elementNumber(this.#kind.unit),
        out,
      ));
  }

  #copy(source: Deno.PointerObject, target: Deno.PointerObject): void {
    const { api } = environment();
    const action = "copy between host and device";
    try {
      check(api, api.BindInput(this.#binding, INPUT, source), action);
      check(api, api.BindOutput(this.#binding, OUTPUT, target), action);
      check(api, api.SynchronizeBoundInputs(this.#binding), action);
      check(api, api.RunWithBindingSync(this.#session, null, this.#binding), action);
      check(api, api.SynchronizeBoundOutputs(this.#binding), action);
    } finally {
      api.ClearBoundInputs(this.#binding);
      api.ClearBoundOutputs(this.#binding);
    }
  }
}

/** An `OrtSession*` of `y = Identity(x)` that runs on a device and nowhere else. */
function createCopySession(device: Device, unit: DType): Deno.PointerObject {
  const { api, pointer: env } = environment();
  const model = encodeCopyModel(unit);
  const options = createSessionOptions({ device, strict: true, threads: 1 });
  try {
    return obtain(
      api,
      `start ${formatDevice(device)}`,
      (out) => api.CreateSessionFromArraySync(env, model, BigInt(model.length), options, out),
    );
  } finally {
    api.ReleaseSessionOptions(options);
  }
}
