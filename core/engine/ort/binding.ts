/**
 * Tensors bound to a session's inputs and outputs.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { finish, obtain } from "./api.ts";
import { cString } from "./c_values.ts";
import { type Device, formatDevice, sameDevice } from "./device.ts";
import { type DeviceTensor, tensorHandle } from "./device_tensor.ts";
import { environment } from "./environment.ts";
import { check } from "./error.ts";
import { Handle } from "./handle.ts";
import { createRunOptions, releaseRunOptions, type RunOptions } from "./run_options.ts";
import {
  findMismatches,
  findMisplaced,
  type NamedType,
  rejectMismatches,
  type Signature,
} from "./signature.ts";
import { checkTurn, freeInTurn, inTurn } from "./turns.ts";

/** Tensors by the name of the input or output that they are bound to. */
export type Bindings = Readonly<Record<string, DeviceTensor>>;

/** What a binding needs of its session. */
export interface BindingSession {
  /** The session itself: a session that nobody else refers to must not be collected while it is bound. */
  readonly owner: object;
  readonly handle: Handle;
  readonly signature: Signature;
  readonly device: Device;
  /** Whether it captures its runs in a CUDA graph. */
  readonly cudaGraph: boolean;
  /** Its arenas, as run options name them. */
  readonly arenas: string;
}

/** What a run is of. */
interface Pointers {
  /** `OrtSession*`. */
  readonly session: Deno.PointerObject;
  /** `OrtIoBinding*`. */
  readonly binding: Deno.PointerObject;
}

let construct: (session: BindingSession, inputs: Bindings, outputs: Bindings) => Binding;

/** Binds tensors to a session's inputs and outputs, for {@linkcode Session.bind}. */
export function bindTensors(
  session: BindingSession,
  inputs: Bindings,
  outputs: Bindings,
): Binding {
  return construct(session, inputs, outputs);
}

/**
 * Tensors bound to a session's inputs and outputs, to run it on again and again. An output may be bound to the tensor
 * of an input, to be updated in place; this is right where nothing in the graph reads the input after the output has
 * been written, as in element-wise updates.
 *
 * A binding holds the memory of its tensors until they are replaced or the binding is disposed.
 */
export class Binding implements Disposable {
  readonly #session: BindingSession;
  readonly #handle: Handle;
  readonly #inputs = new Map<string, DeviceTensor>();
  /** What is bound, by side and name: ONNX Runtime holds no memory that is a part of another tensor's. */
  readonly #held = new Map<string, Handle>();
  #running = false;

  static {
    construct = (session, inputs, outputs) => new Binding(session, inputs, outputs);
  }

  private constructor(session: BindingSession, inputs: Bindings, outputs: Bindings) {
    const { api } = environment();
    this.#session = session;
    const sessionPointer = session.handle.pointer;
    rejectMismatches("bind tensors", [
      ...(session.cudaGraph ? unfitForCapture(session.device, inputs, outputs) : []),
      ...mismatches("input", session, inputs, session.signature.inputs),
      ...mismatches("output", session, outputs, []),
      ...(Object.keys(outputs).length === 0 ? ["at least one output must be bound"] : []),
    ]);
    checkTurn(session.device, "bind tensors");
    const pointer = obtain(
      api,
      "create a binding",
      (out) => api.CreateIoBinding(sessionPointer, out),
    );
    const sessionHandle = session.handle;
    const held = this.#held;
    sessionHandle.retain();
    this.#handle = new Handle(this, {
      name: "the binding",
      pointer,
      release: (pointer) => {
        freeInTurn(session.device, () => api.ReleaseIoBinding(pointer));
        for (const handle of held.values()) handle.drop();
        sessionHandle.drop();
      },
    });
    try {
      for (const [name, tensor] of Object.entries(inputs)) this.#bindInput(name, tensor);
      for (const [name, tensor] of Object.entries(outputs)) this.#bindOutput(name, tensor);
    } catch (error) {
      this.#handle.close();
      throw error;
    }
  }

  /**
   * Replaces the tensors of some inputs and outputs.
   *
   * @throws {TypeError} if a run is in flight (on WebGPU, of any session), a name or type is wrong, or the session captures a
   * CUDA graph; then nothing is replaced
   */
  rebind(inputs: Bindings, outputs: Bindings = {}): void {
    this.#refuseWhileRunning("rebind tensors");
    rejectMismatches("rebind tensors", [
      ...(this.#session.cudaGraph ? ["a CUDA graph keeps the addresses that it captured"] : []),
      ...mismatches("input", this.#session, inputs, []),
      ...mismatches("output", this.#session, outputs, []),
    ]);
    checkTurn(this.#session.device, "rebind tensors");
    for (const [name, tensor] of Object.entries(inputs)) this.#bindInput(name, tensor);
    for (const [name, tensor] of Object.entries(outputs)) this.#bindOutput(name, tensor);
  }

  /**
   * Runs the session on another thread, or on this one if it captures a CUDA graph. Neither write to the bound tensors nor
   * run the binding again before the promise settles.
   *
   * @throws {TypeError} if a run is in flight, or the session or binding is disposed
   * @throws {OrtError} if the run fails
   */
  async run(options: RunOptions = {}): Promise<void> {
    // A captured graph is the thread's that captured it.
    if (this.#session.cudaGraph) return this.runSync(options);
    const pointers = this.#pointers();
    this.#running = true;
    this.#handle.retain();
    this.#session.handle.retain();
    try {
      await inTurn(this.#session.device, () => this.#run(pointers, options));
    } finally {
      this.#running = false;
      this.#handle.drop();
      this.#session.handle.drop();
    }
  }

  async #run(pointers: Pointers, options: RunOptions): Promise<void> {
    const { api } = environment();
    const { session, binding } = pointers;
    this.#prepare(pointers);
    const runOptions = createRunOptions(options, this.#session.arenas);
    try {
      await finish(api, "run the session", api.RunWithBinding(session, runOptions, binding), this);
    } finally {
      releaseRunOptions(runOptions);
    }
  }

  /**
   * Runs the session on this thread, which saves the 0.1 ms of changing threads: for tiny graphs only, because nothing
   * else happens meanwhile.
   *
   * @throws {TypeError} if a run is in flight, or the session or binding is disposed
   * @throws {OrtError} if the run fails
   */
  runSync(options: RunOptions = {}): void {
    const { api } = environment();
    const pointers = this.#pointers();
    const { session, binding } = pointers;
    checkTurn(this.#session.device, "run a binding on this thread");
    this.#prepare(pointers);
    const runOptions = createRunOptions(options, this.#session.arenas);
    try {
      check(api, api.RunWithBindingSync(session, runOptions, binding), "run the session");
    } finally {
      releaseRunOptions(runOptions);
    }
  }

  /** Lets go of the bound tensors, after the run in flight if there is one. */
  [Symbol.dispose](): void {
    this.#handle.close();
    this.#inputs.clear();
  }

  #pointers(): Pointers {
    this.#refuseWhileRunning("run a binding");
    return { session: this.#session.handle.pointer, binding: this.#handle.pointer };
  }

  #prepare({ binding }: Pointers): void {
    // On another device ONNX Runtime copies, when an input is bound, what is not where the graph wants it. Binding
    // again before each run makes every run see what the tensors hold then.
    if (this.#session.device.provider === "cpu") return;
    for (const [name, tensor] of this.#inputs) bindInput(binding, name, tensor);
    const { api } = environment();
    check(api, api.SynchronizeBoundInputs(binding), "copy the inputs to the device");
  }

  #refuseWhileRunning(action: string): void {
    if (this.#running) {
      throw new GenviewTypeError(
        `Cannot ${action}: one run of a binding must end before this, found one in flight`,
      );
    }
  }

  #bindInput(name: string, tensor: DeviceTensor): void {
    bindInput(this.#handle.pointer, name, tensor);
    this.#hold(`input ${name}`, tensor);
    this.#inputs.set(name, tensor);
  }

  #bindOutput(name: string, tensor: DeviceTensor): void {
    const { api } = environment();
    const value = tensorHandle(tensor).pointer;
    check(api, api.BindOutput(this.#handle.pointer, cString(name), value), `bind output "${name}"`);
    this.#hold(`output ${name}`, tensor);
  }

  #hold(place: string, tensor: DeviceTensor): void {
    const handle = tensorHandle(tensor);
    const before = this.#held.get(place);
    if (before === handle) return;
    handle.retain();
    this.#held.set(place, handle);
    before?.drop();
  }
}

/** What keeps tensors from being bound to a session that captures a CUDA graph. */
function unfitForCapture(device: Device, inputs: Bindings, outputs: Bindings): string[] {
  const given = new Set(Object.values(inputs));
  return [
    ...[...Object.entries(inputs), ...Object.entries(outputs)]
      .filter(([, tensor]) => !sameDevice(tensor.device, device))
      .map(([name, tensor]) =>
        `"${name}" must be on ${formatDevice(device)} for a CUDA graph, found it on ${
          formatDevice(tensor.device)
        }`
      ),
    ...Object.entries(outputs)
      .filter(([, tensor]) => given.has(tensor))
      .map(([name]) =>
        `output "${name}" must have a tensor of its own for a CUDA graph, found an input's`
      ),
  ];
}

/** Binds an input of an `OrtIoBinding*`. */
function bindInput(binding: Deno.PointerObject, name: string, tensor: DeviceTensor): void {
  const { api } = environment();
  const value = tensorHandle(tensor).pointer;
  check(api, api.BindInput(binding, cString(name), value), `bind input "${name}"`);
}

/** All that is wrong with the tensors for one side, their devices included. */
function mismatches(
  side: "input" | "output",
  session: BindingSession,
  tensors: Bindings,
  required: readonly NamedType[],
): string[] {
  const declared = session.signature[`${side}s`];
  const types = Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, tensor.type]),
  );
  const devices = Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, tensor.device]),
  );
  return [
    ...findMismatches(side, declared, types, required.map((type) => type.name)),
    ...findMisplaced(side, session.device, devices),
  ];
}
