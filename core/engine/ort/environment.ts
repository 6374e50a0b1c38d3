/**
 * The process's one ONNX Runtime environment.
 *
 * @module
 */
import { bindApi, obtain, type OrtApi } from "./api.ts";
import { cString, cStrings, outInt, outWord, pointerIn, readString } from "./c_values.ts";
import { check } from "./error.ts";
import { returnLargeBlocks } from "./host_allocator.ts";
import { openLibrary } from "./library.ts";
import { disableTelemetry, preventTelemetry } from "./telemetry.ts";

/** What every call needs. It lives as long as the process. */
export interface Environment {
  readonly api: OrtApi;
  /** `OrtEnv*`. */
  readonly pointer: Deno.PointerObject;
  /** `OrtAllocator*` of host memory: 64-byte aligned, without an arena. */
  readonly allocator: Deno.PointerObject;
  /** `OrtMemoryInfo*` of host memory. */
  readonly hostMemory: Deno.PointerObject;
  readonly libraryPath: string;
  readonly version: string;
}

/** Only what ends the process is logged: every other failure comes back as a status and is thrown. */
const LOG_FATAL = 4;
const DEVICE_ALLOCATOR = 0;
const ARENA_ALLOCATOR = 1;
const DEFAULT_MEMORY = 0;
/** The arena grows by what is asked for, not to the next power of two. */
const SAME_AS_REQUESTED = 1n;

let current: Environment | undefined;

/**
 * The environment; made by the first call, which opens the library.
 *
 * @throws {TypeError} if ONNX Runtime cannot be opened
 */
export function environment(): Environment {
  return current ??= createEnvironment();
}

function createEnvironment(): Environment {
  preventTelemetry();
  const library = openLibrary();
  returnLargeBlocks();
  const { api, version } = bindApi(library);
  using owned = new DisposableStack();
  const pointer = owned.adopt(
    obtain(
      api,
      "create the environment",
      (out) => api.CreateEnv(LOG_FATAL, cString("genview"), out),
    ),
    (pointer) => api.ReleaseEnv(pointer),
  );
  disableTelemetry(api, pointer);
  const allocator = obtain(
    api,
    "find the allocator of host memory",
    (out) => api.GetAllocatorWithDefaultOptions(out),
  );
  const hostMemory = owned.adopt(
    obtain(
      api,
      "describe host memory",
      (out) => api.CreateCpuMemoryInfo(DEVICE_ALLOCATOR, DEFAULT_MEMORY, out),
    ),
    (memory) => api.ReleaseMemoryInfo(memory),
  );
  registerArena(api, pointer);
  // Nothing has thrown: from here on it lives as long as the process.
  owned.move();
  return { api, pointer, allocator, hostMemory, libraryPath: library.path, version };
}

/**
 * Makes one arena that sessions share. Each having its own would cost the sum of their largest needs instead of the
 * largest: two chains of convolutions, run in turn, took 698 MB apart and 464 MB together.
 *
 * @throws {OrtError} if ONNX Runtime refuses it
 */
export function registerArena(api: OrtApi, env: Deno.PointerObject): void {
  const action = "create the arena of host memory";
  const keys = cStrings(["arena_extend_strategy"]);
  const values = BigUint64Array.of(SAME_AS_REQUESTED);
  using owned = new DisposableStack();
  const config = owned.adopt(
    obtain(
      api,
      action,
      (out) => api.CreateArenaCfgV2(keys.addresses, values, BigInt(keys.texts.length), out),
    ),
    (config) => api.ReleaseArenaCfg(config),
  );
  const memory = owned.adopt(
    obtain(
      api,
      action,
      (out) => api.CreateCpuMemoryInfo(ARENA_ALLOCATOR, DEFAULT_MEMORY, out),
    ),
    (memory) => api.ReleaseMemoryInfo(memory),
  );
  check(api, api.CreateAndRegisterAllocator(env, memory, config), action);
}

/**
 * Version of ONNX Runtime, as in "1.30.0".
 *
 * @throws {TypeError} if ONNX Runtime cannot be opened
 */
export function ortVersion(): string {
  return environment().version;
}

/**
 * Path of the ONNX Runtime library in use.
 *
 * @throws {TypeError} if ONNX Runtime cannot be opened
 */
export function ortLibraryPath(): string {
  return environment().libraryPath;
}

/**
 * Execution providers that the library was built with, as in `CPUExecutionProvider`. One that lives in a library of
 * its own, such as CUDA, is listed whether or not that library is installed.
 *
 * @throws {TypeError} if ONNX Runtime cannot be opened
 */
export function availableProviders(): string[] {
  const { api } = environment();
  const list = outWord();
  const count = outInt();
  check(api, api.GetAvailableProviders(list, count), "list the execution providers");
  const pointer = pointerIn(list);
  const view = new Deno.UnsafePointerView(pointer);
  const names = Array.from(
    { length: count[0]! },
    (_, i) => readString(view.getPointer(i * 8) as Deno.PointerObject),
  );
  check(api, api.ReleaseAvailableProviders(pointer, count[0]!), "release the list of providers");
  return names;
}
