/**
 * How a session is built: device, threads, optimisation, memory.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { obtain } from "./api.ts";
import { cPath, cString } from "./c_values.ts";
import { CPU, type Device, formatDevice } from "./device.ts";
import { environment } from "./environment.ts";
import { check } from "./error.ts";
import { appendProvider } from "./execution_provider.ts";
import { addHostOperators, type HostOperator } from "./host_operator.ts";
import { checkThreads, type Placement } from "./placement.ts";
import { waitPolicyEntries } from "./wait_policy.ts";

/** How far ONNX Runtime rewrites a graph before it runs. */
export type Optimization = "none" | "basic" | "extended" | "all";

/** What ONNX Runtime writes to standard error. */
export type LogSeverity = "verbose" | "info" | "warning" | "error" | "fatal";

/** How a session is built, and where it runs: on the CPU unless a device is given. */
export interface SessionOptions extends Partial<Placement> {
  /** Threads that run independent operators at the same time (default 1; 0: all cores). */
  readonly interOpThreads?: number | undefined;
  /** How far the graph is rewritten (default `all`). */
  readonly optimization?: Optimization;
  /** Prefix of the Chrome trace that `endProfiling()` writes. */
  readonly profile?: string;
  /** What is written to standard error (default `fatal`: failures are thrown, not logged). */
  readonly logSeverity?: LogSeverity;
  /**
   * Plans one block for all intermediate values of a run, from what the run before it used (default off). The arena
   * keeps that first run's memory as well, so it doubles the peak (464 MB become 792 MB) and gains no speed; without
   * an arena it is what keeps allocations few.
   */
  readonly memoryPattern?: boolean;
  /**
   * Takes intermediate values on the host from one arena that all sessions share and that keeps what is freed for the
   * next run (default on). Off, a session gives its memory back after each run, and the system clears it anew for
   * the next.
   */
  readonly arena?: boolean;
  /** Folder of the files that hold the weights of a model given as bytes; by default that of the model file. */
  readonly weightsFolder?: string;
  /**
   * On CUDA, captures the kernels of the model's first bound run in a CUDA graph and launches that as one in later runs
   * (default off). ONNX Runtime runs the model twice before it captures it, so outputs must not be bound to the tensors
   * of inputs; it captures for each thread anew, so runs stay on the thread that asks for them, which waits; and a launch
   * copies nothing to the host, so inputs and outputs must be on the device. Every node must run there.
   */
  readonly cudaGraph?: boolean;
  /** Operators of the domain `genview` that its nodes may be; the same array for all sessions that share them. */
  readonly operators?: readonly HostOperator[] | undefined;
  /** Refuses a model of which any node would run on the CPU although `device` is another. */
  readonly strict?: boolean;
  /**
   * Session configuration entries, as in `{ "session.disable_prepacking": "1" }`. Mind that
   * `session.set_denormal_as_zero` reaches the session's own threads (`threads` less one) but not the thread that
   * calls, which works along with them.
   */
  readonly config?: Readonly<Record<string, string>>;
}

/** `enum GraphOptimizationLevel`. */
const OPTIMIZATIONS: Readonly<Record<Optimization, number>> = {
  none: 0,
  basic: 1,
  extended: 2,
  all: 99,
};

/** `enum OrtLoggingLevel`, in its order. */
const SEVERITIES: readonly LogSeverity[] = ["verbose", "info", "warning", "error", "fatal"];

/**
 * A new `OrtSessionOptions*`, which the caller releases.
 *
 * @throws {RangeError} if a number of threads is not a non-negative integer
 * @throws {TypeError} if `cudaGraph` is set and the device is not CUDA's
 * @throws {OrtError} if ONNX Runtime refuses an option
 */
export function createSessionOptions(options: SessionOptions): Deno.PointerObject {
  checkThreads("threads", options.threads);
  checkThreads("interOpThreads", options.interOpThreads);
  const { api } = environment();
  const pointer = obtain(
    api,
    "create session options",
    (out) => api.CreateSessionOptions(out),
  );
  try {
    setOptions(pointer, options);
  } catch (error) {
    api.ReleaseSessionOptions(pointer);
    throw error;
  }
  return pointer;
}

/** The device, told to capture graphs if that is asked for. */
function capturing(device: Device, cudaGraph: boolean): Device {
  if (!cudaGraph) return device;
  if (device.provider !== "cuda") {
    throw new GenviewTypeError(
      `Cannot create a session: cudaGraph is for CUDA, found ${formatDevice(device)}`,
    );
  }
  return { ...device, options: { ...device.options, enable_cuda_graph: "1" } };
}

function setOptions(pointer: Deno.PointerObject, options: SessionOptions): void {
  const { api } = environment();
  const device = options.device ?? CPU;
  const set = (status: Deno.PointerValue, name: string) =>
    check(api, status, `set session option ${name}`);
  const level = OPTIMIZATIONS[options.optimization ?? "all"];
  set(api.SetSessionGraphOptimizationLevel(pointer, level), "optimization");
  const severity = SEVERITIES.indexOf(options.logSeverity ?? "fatal");
  set(api.SetSessionLogSeverityLevel(pointer, severity), "logSeverity");
  if (options.threads !== undefined) {
    set(api.SetIntraOpNumThreads(pointer, options.threads), "threads");
  }
  if (options.interOpThreads !== undefined) {
    set(api.SetInterOpNumThreads(pointer, options.interOpThreads), "interOpThreads");
  }
  if (options.profile !== undefined) {
    set(api.EnableProfiling(pointer, cPath(options.profile)), "profile");
  }
  if (!options.memoryPattern) set(api.DisableMemPattern(pointer), "memoryPattern");
  const arena = options.arena ?? true;
  if (!arena) set(api.DisableCpuMemArena(pointer), "arena");
  const config = {
    "session.use_env_allocators": arena ? "1" : "0",
    "session.disable_cpu_ep_fallback": options.strict && device.provider !== "cpu" ? "1" : "0",
    ...(options.weightsFolder !== undefined && {
      "session.model_external_initializers_file_folder_path": options.weightsFolder,
    }),
    ...waitPolicyEntries(),
    ...options.config,
  };
  for (const [key, value] of Object.entries(config)) {
    set(api.AddSessionConfigEntry(pointer, cString(key), cString(value)), key);
  }
  if (options.operators !== undefined) addHostOperators(pointer, options.operators);
  appendProvider(pointer, capturing(device, options.cudaGraph ?? false));
}
