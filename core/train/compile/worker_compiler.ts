/**
 * A method that is compiled in a worker which may do nothing but read this library's code.
 *
 * @module
 */
import type { Tensor } from "../../engine/graph/tensor.ts";
import {
  GenviewError,
  GenviewRangeError,
  GenviewSyntaxError,
  GenviewTypeError,
} from "../../errors/mod.ts";
import type { MethodAtAddress } from "../../method/load.ts";
import { PluginError, PluginRefusal } from "../../method/plugin_error.ts";
import type { AccumulatedMethodStep } from "../step/accumulation/accumulated_step.ts";
import type { MethodFacts } from "../step/method_facts.ts";
import type { MethodStep } from "../step/method_step.ts";
import { checkFacts, checkWeights } from "./check_answer.ts";
import { checkMethodStep } from "./check_step.ts";
import { type CompileLimits, DEFAULT_LIMITS, timeIsUp } from "./compile_limits.ts";
import type { CompileRequest } from "./compile_request.ts";
import type { MethodCompiler } from "./method_compiler.ts";
import { METHOD_FOLDER } from "./worker/method_modules.ts";
import type { Answer, Fault, FromSupervisor, Question, ToSupervisor } from "./worker/protocol.ts";
import { requireWorkerOptions } from "./worker_options.ts";

/** Folder of this library's code. */
const CODE = new URL("../../", import.meta.url);

const SUPERVISOR = new URL("./worker/supervisor.ts", import.meta.url);
const PROGRAM = new URL("./worker/compile_program.ts", import.meta.url);

/** Longest message of a fault that is shown. */
const MESSAGE_LENGTH = 4000;

const FAULTS: Readonly<Record<string, new (message: string) => Error>> = {
  PluginError,
  PluginRefusal,
  GenviewTypeError,
  GenviewRangeError,
  GenviewSyntaxError,
  GenviewError,
};

/** What a method's worker may do: read this library's code, or import it from where it is on the web. */
export function workerPermissions(): Deno.PermissionOptionsObject {
  const isFile = CODE.protocol === "file:";
  return {
    read: isFile ? [CODE] : false,
    import: isFile ? false : [CODE.host],
    env: false,
    ffi: false,
    net: false,
    run: false,
    sys: false,
    write: false,
  };
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** An answer, of which nothing is known yet. */
function readAnswer(found: unknown): Partial<Answer> & { readonly id: unknown } {
  return (typeof found === "object" && found !== null ? found : { id: undefined }) as Answer;
}

/** Compiles a method in a worker without permissions. */
export class WorkerCompiler implements MethodCompiler {
  readonly #method: MethodAtAddress;
  readonly #limits: Required<CompileLimits>;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #stopped = Promise.withResolvers<void>();
  #next = 0;
  #ended: Error | undefined;

  private constructor(method: MethodAtAddress, limits: Required<CompileLimits>, program: string) {
    this.#method = method;
    this.#limits = limits;
    this.#worker = new Worker(SUPERVISOR, {
      type: "module",
      name: `method ${method.manifest.name}`,
      deno: { permissions: workerPermissions() },
    });
    this.#worker.onmessage = ({ data }: MessageEvent<FromSupervisor>) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#end(event.message);
    };
    const { manifest, entry, modules } = method;
    this.#tell({
      kind: "start",
      program,
      data: { manifest, entry: entry.href, modules, limits },
    });
  }

  /**
   * Starts the worker, in which the method is imported at once.
   *
   * @param program address of what its thread runs; a hostile one can do no more than answer wrongly
   * @throws {TypeError} if Deno lets no worker have permissions of its own
   */
  static open(
    method: MethodAtAddress,
    limits: CompileLimits = {},
    program: string = PROGRAM.href,
  ): WorkerCompiler {
    requireWorkerOptions(`compile method "${method.manifest.name}"`);
    return new WorkerCompiler(method, { ...DEFAULT_LIMITS, ...limits }, program);
  }

  /** {@inheritDoc MethodCompiler.inspect} */
  async inspect(request: CompileRequest): Promise<MethodFacts> {
    const found = await this.#ask("inspect", request);
    return checkFacts(found, request, this.#building, this.#limits.elements);
  }

  /** {@inheritDoc MethodCompiler.weights} */
  async weights(request: CompileRequest): Promise<ReadonlyMap<string, Tensor>> {
    return checkWeights(await this.#ask("weights", request), this.#building);
  }

  /** {@inheritDoc MethodCompiler.step} */
  async step(request: CompileRequest): Promise<MethodStep | AccumulatedMethodStep> {
    return checkMethodStep(await this.#ask("step", request), request, this.#building);
  }

  get #building(): string {
    return `build method "${this.#method.manifest.name}"`;
  }

  #tell(message: ToSupervisor): void {
    this.#worker.postMessage(message);
  }

  #ask(question: Question, request: CompileRequest): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const id = this.#next++;
    const { seconds } = this.#limits;
    const timer = setTimeout(() => this.#end(timeIsUp(seconds)), seconds * 1000);
    this.#waiting.set(id, { resolve, reject });
    const { configuration, viewSizes, tuning, ranks = 1, precision = "float32", typed = false } =
      request;
    this.#tell({
      kind: "ask",
      asked: {
        id,
        question,
        request: { configuration, viewSizes, tuning, ranks, precision, typed },
      },
    });
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(id);
    });
  }

  #hear(message: FromSupervisor): void {
    if (message.kind === "answer") this.#settle(message.answer);
    else if (message.kind === "ended") this.#end(message.reason);
    else this.#stopped.resolve();
  }

  #settle(found: unknown): void {
    const answer = readAnswer(found);
    const waiting = typeof answer.id === "number" ? this.#waiting.get(answer.id) : undefined;
    if (waiting === undefined) return;
    if ("fault" in answer) waiting.reject(this.#errorOf(answer.fault));
    else waiting.resolve((answer as { readonly value?: unknown }).value);
  }

  /** A fault of the thread's as an error here; it names the method's own address, not that in the thread. */
  #errorOf(fault: unknown): Error {
    const { kind, message } = (fault ?? {}) as Partial<Fault>;
    const ErrorClass = typeof kind === "string" && Object.hasOwn(FAULTS, kind)
      ? FAULTS[kind]!
      : Error;
    const { origin, manifest } = this.#method;
    const text = String(message).slice(0, MESSAGE_LENGTH).replaceAll(METHOD_FOLDER, origin.href);
    return new ErrorClass(
      text.includes(`"${manifest.name}"`) ? text : `Cannot ${this.#building}: ${text}`,
    );
  }

  /** Ends the thread; whoever waits is told why. */
  #end(reason: string): void {
    this.#ended ??= new PluginError(`Cannot ${this.#building}: ${reason}`);
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#tell({ kind: "stop" });
  }

  /** Ends the thread and the worker; whoever still waits is told that it was closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end("its compiler was closed");
    await this.#stopped.promise;
    this.#worker.terminate();
  }
}
