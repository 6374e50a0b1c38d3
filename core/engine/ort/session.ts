/**
 * Models, loaded and ready to run.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { allocate, byteSize, viewBytes } from "../graph/dtype.ts";
import { elementCount } from "../graph/shape.ts";
import { bytesOf, type Tensor, tensor } from "../graph/tensor.ts";
import { finish, obtain } from "./api.ts";
import { type Binding, type Bindings, bindTensors } from "./binding.ts";
import {
  addressesOf,
  cPath,
  cShape,
  cStrings,
  outWord,
  pointerIn,
  readString,
} from "./c_values.ts";
import { CPU, type Device } from "./device.ts";
import { DeviceTensor, tensorHandle } from "./device_tensor.ts";
import { elementNumber } from "../onnx/element_types.ts";
import { environment } from "./environment.ts";
import { check } from "./error.ts";
import { Handle } from "./handle.ts";
import { arenasOf, createRunOptions, releaseRunOptions, type RunOptions } from "./run_options.ts";
import { createSessionOptions, type SessionOptions } from "./session_options.ts";
import { freeInTurn, inTurn } from "./turns.ts";
import {
  findMismatches,
  findMisplaced,
  type NamedType,
  readSignature,
  readTensorType,
  rejectMismatches,
  type Signature,
  unknownName,
} from "./signature.ts";

/** Tensors by the name of the input that they are fed to. */
export type Feeds = Readonly<Record<string, Tensor | DeviceTensor>>;

/** How to run a session once. */
export interface SessionRunOptions extends RunOptions {
  /** Outputs to compute (default all). */
  readonly outputs?: readonly string[];
}

/** A model, loaded and ready to run. */
export class Session implements Disposable {
  /** Where its nodes run. */
  readonly device: Device;
  readonly #handle: Handle;
  readonly #signature: Signature;
  readonly #arenas: string;
  readonly #cudaGraph: boolean;
  #profiling: boolean;

  private constructor(pointer: Deno.PointerObject, options: SessionOptions) {
    const { api } = environment();
    const device = options.device ?? CPU;
    this.device = device;
    this.#arenas = arenasOf(options);
    this.#cudaGraph = options.cudaGraph ?? false;
    this.#profiling = options.profile !== undefined;
    this.#handle = new Handle(this, {
      name: "the session",
      pointer,
      release: (pointer) => freeInTurn(device, () => api.ReleaseSession(pointer)),
    });
    try {
      this.#signature = readSignature(pointer);
    } catch (error) {
      this.#handle.close();
      throw error;
    }
  }

  /**
   * Loads a model on another thread. A model of 2 GB or more is given by path, or keeps its weights in files of their
   * own: these are looked for next to the model, or in `weightsFolder`, and read where they lie.
   *
   * @param model a `ModelProto`'s bytes, or the path of a file
   * @throws {OrtError} if the model is not valid, or the device cannot be had
   * @throws {RangeError} if an option is out of range
   */
  static async create(
    model: Uint8Array<ArrayBuffer> | string,
    options: SessionOptions = {},
  ): Promise<Session> {
    return await inTurn(options.device ?? CPU, () => Session.#load(model, options));
  }

  static async #load(
    model: Uint8Array<ArrayBuffer> | string,
    options: SessionOptions,
  ): Promise<Session> {
    const { api, pointer: env } = environment();
    const sessionOptions = createSessionOptions(options);
    const out = outWord();
    try {
      if (typeof model === "string") {
        const path = cPath(model);
        const call = api.CreateSession(env, path, sessionOptions, out);
        await finish(api, `load the model "${model}"`, call, [path, out]);
      } else {
        // Asking for the buffer moves a small array out of the garbage-collected heap.
        const bytes = new Uint8Array(model.buffer, model.byteOffset, model.byteLength);
        const length = BigInt(bytes.length);
        const call = api.CreateSessionFromArray(env, bytes, length, sessionOptions, out);
        await finish(api, "load the model", call, [bytes, out]);
      }
    } finally {
      api.ReleaseSessionOptions(sessionOptions);
    }
    return new Session(pointerIn(out), options);
  }

  /** What the model takes, in its order. */
  get inputs(): readonly NamedType[] {
    return this.#signature.inputs;
  }

  /** What the model gives, in its order. */
  get outputs(): readonly NamedType[] {
    return this.#signature.outputs;
  }

  /**
   * Runs the model once on another thread and copies the outputs to the host.
   *
   * @throws {TypeError} if names or types are wrong (all that is wrong is listed), the session is disposed, or it captures
   * a CUDA graph, which would see other addresses each time
   * @throws {OrtError} if the run fails
   */
  async run(feeds: Feeds, options: SessionRunOptions = {}): Promise<Record<string, Tensor>> {
    const names = options.outputs ?? this.outputs.map((type) => type.name);
    if (this.#cudaGraph) {
      throw new GenviewTypeError(
        "Cannot run the session: with cudaGraph its tensors must be bound, found them fed; use bind()",
      );
    }
    this.#checkRun(feeds, names);
    const session = this.#handle.pointer;
    this.#handle.retain();
    try {
      return await inTurn(this.device, () => this.#run(session, feeds, names, options));
    } finally {
      this.#handle.drop();
    }
  }

  async #run(
    session: Deno.PointerObject,
    feeds: Feeds,
    names: readonly string[],
    options: RunOptions,
  ): Promise<Record<string, Tensor>> {
    const { api } = environment();
    const inputs = new FedValues(feeds);
    const inputNames = cStrings(Object.keys(feeds));
    const outputNames = cStrings(names);
    const results = new BigUint64Array(new ArrayBuffer(names.length * 8));
    const runOptions = createRunOptions(options, this.#arenas);
    try {
      const call = api.Run(
        session,
        runOptions,
        inputNames.addresses,
        inputs.addresses,
        BigInt(inputs.addresses.length),
        outputNames.addresses,
        BigInt(names.length),
        results,
      );
      await finish(api, "run the session", call, [inputs, inputNames, outputNames, results]);
      return Object.fromEntries(
        names.map((name, i) => [name, readValue(Deno.UnsafePointer.create(results[i]!)!, name)]),
      );
    } finally {
      releaseRunOptions(runOptions);
      for (const address of results) {
        if (address !== 0n) api.ReleaseValue(Deno.UnsafePointer.create(address));
      }
      inputs.release();
    }
  }

  /**
   * Binds tensors to all inputs and to some or all outputs, to run on again and again.
   *
   * @throws {TypeError} if names, types or devices are wrong (all that is wrong is listed)
   */
  bind(inputs: Bindings, outputs: Bindings): Binding {
    return bindTensors(
      {
        owner: this,
        handle: this.#handle,
        signature: this.#signature,
        device: this.device,
        arenas: this.#arenas,
        cudaGraph: this.#cudaGraph,
      },
      inputs,
      outputs,
    );
  }

  /**
   * Ends the profiling that option `profile` began.
   *
   * @returns path of the trace, for `chrome://tracing` or Perfetto
   * @throws {TypeError} if there is none: the session was created without `profile`, or its profiling has ended
   * @throws {OrtError} if writing it fails
   */
  endProfiling(): string {
    const { api, allocator } = environment();
    const action = "end profiling";
    const session = this.#handle.pointer;
    if (!this.#profiling) {
      throw new GenviewTypeError(
        `Cannot ${action}: option profile must have begun it, found none in progress`,
      );
    }
    this.#profiling = false;
    const text = obtain(
      api,
      action,
      (out) => api.SessionEndProfiling(session, allocator, out),
    );
    const path = readString(text);
    check(api, api.AllocatorFree(allocator, text), action);
    return path;
  }

  /** Unloads the model once its bindings are disposed and its runs have ended. */
  [Symbol.dispose](): void {
    this.#handle.close();
  }

  #checkRun(feeds: Feeds, outputs: readonly string[]): void {
    const types = Object.fromEntries(
      Object.entries(feeds).map(([name, value]) => [
        name,
        value instanceof DeviceTensor ? value.type : value,
      ]),
    );
    const devices = Object.fromEntries(
      Object.entries(feeds).map(([name, value]) => [
        name,
        value instanceof DeviceTensor ? value.device : CPU,
      ]),
    );
    const known = new Set(this.outputs.map((type) => type.name));
    rejectMismatches("run the session", [
      ...findMismatches("input", this.inputs, types, this.inputs.map((type) => type.name)),
      ...findMisplaced("input", this.device, devices),
      ...outputs.filter((name) => !known.has(name))
        .map((name) => unknownName("output", this.outputs, name)),
      ...(outputs.length === 0 ? ["at least one output must be asked for"] : []),
    ]);
  }
}

/** Values of one run's inputs: host tensors are used in place, those on devices are retained. */
class FedValues {
  readonly addresses: BigUint64Array<ArrayBuffer>;
  readonly #wrapped: Deno.PointerObject[] = [];
  readonly #retained: Handle[] = [];
  /** Kept alive, because the wrapped values use their memory. */
  readonly feeds: Feeds;

  constructor(feeds: Feeds) {
    this.feeds = feeds;
    const values = Object.values(feeds);
    try {
      this.addresses = addressesOf(
        values.map((value) =>
          value instanceof DeviceTensor ? this.#retain(value) : this.#wrap(value)
        ),
      );
    } catch (error) {
      this.release();
      throw error;
    }
  }

  #retain(value: DeviceTensor): Deno.PointerObject {
    const handle = tensorHandle(value);
    const pointer = handle.pointer;
    handle.retain();
    this.#retained.push(handle);
    return pointer;
  }

  #wrap(value: Tensor): Deno.PointerObject {
    const { api, hostMemory } = environment();
    const bytes = bytesOf(value);
    const shape = cShape(value.shape);
    const pointer = obtain(
      api,
      "wrap an input",
      (out) =>
        api.CreateTensorWithDataAsOrtValue(
          hostMemory,
          Deno.UnsafePointer.of(bytes),
          BigInt(bytes.length),
          shape,
          BigInt(shape.length),
          elementNumber(value.dtype),
          out,
        ),
    );
    this.#wrapped.push(pointer);
    return pointer;
  }

  release(): void {
    const { api } = environment();
    for (const pointer of this.#wrapped) api.ReleaseValue(pointer);
    for (const handle of this.#retained) handle.drop();
  }
}

/** Copies an `OrtValue*` on the host. */
function readValue(value: Deno.PointerObject, name: string): Tensor {
  const { api } = environment();
  const where = `output "${name}"`;
  const info = obtain(
    api,
    `read ${where}`,
    (out) => api.GetTensorTypeAndShape(value, out),
  );
  let type;
  try {
    type = readTensorType(info, where);
  } finally {
    api.ReleaseTensorTypeAndShapeInfo(info);
  }
  const { dtype, shape } = type;
  const bytes = elementCount(shape) * byteSize(dtype);
  if (bytes === 0) return tensor(dtype, shape, allocate(dtype, 0));
  const memory = obtain(api, `read ${where}`, (out) => api.GetTensorMutableData(value, out));
  const copy = new Uint8Array(bytes);
  Deno.UnsafePointerView.copyInto(memory, copy);
  return tensor(dtype, shape, viewBytes(dtype, copy));
}
