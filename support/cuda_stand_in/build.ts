/**
 * Builds a stand-in for CUDA, on which ONNX Runtime's real CUDA provider places, constructs and "runs" its kernels on a
 * machine without a GPU: memory is the host's, copies are real, launches are counted and compute nothing. It needs gcc,
 * nm and, the first time, the network: the provider comes from PyPI (270 MB).
 *
 * ```sh
 * deno run -A support/cuda_stand_in/build.ts FOLDER
 * ```
 *
 * `examine.ts` loads models on it.
 *
 * @module
 */
import { join } from "node:path";
import { installCuda } from "../../core/cuda/mod.ts";
import { ORT_VERSION } from "../../core/deps/onnxruntime.ts";
import { type CalledLibrary, cudnnFunctions, librarySource } from "./libraries.ts";

/** Where the parts of a stand-in lie. */
export interface StandIn {
  /** Folder of the stand-ins for CUDA's libraries, for `LD_LIBRARY_PATH`. */
  readonly libraries: string;
  /** ONNX Runtime's library beside its CUDA provider, for `GENVIEW_ORT_LIBRARY`. */
  readonly runtime: string;
  /** Version of ONNX Runtime. */
  readonly version: string;
}

const CUDNN = "libcudnn.so.9";

/** The driver, whose symbols have no version. */
const DRIVER = "libcuda.so.1";

/** The library of random numbers, from which the provider takes nothing. */
const CURAND = "libcurand.so.10";

async function runTool(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(command, { args: [...args], cwd })
    .output();
  const text = new TextDecoder();
  if (code === 0) return text.decode(stdout);
  throw new Error(`Cannot build the stand-in: ${command} fails: ${text.decode(stderr)}`);
}

/** What the provider calls of each of CUDA's libraries that it is linked to. */
async function calledLibraries(provider: string, folder: string): Promise<CalledLibrary[]> {
  const listed = await runTool("nm", ["-D", "--undefined-only", provider], folder);
  const called = new Map<string, string[]>();
  for (const [, name, versioned] of listed.matchAll(/ U (\w+)(?:@(lib\S+))?$/gm)) {
    const soname = versioned ?? (/^cu[A-Z]/.test(name!) ? DRIVER : undefined);
    if (soname !== undefined) called.set(soname, [...called.get(soname) ?? [], name!]);
  }
  return [...called].map(([soname, functions]) => ({ soname, functions }));
}

/** Functions of the runtime that runtime.c does not have: they do nothing and succeed. */
function missingInRuntime(source: string, { functions }: CalledLibrary): string[] {
  return functions.filter((name) => !new RegExp(`\\b${name}\\(`).test(source))
    .map((name) => `EXPORT status ${name}(void) { return SUCCESS; }`);
}

async function compile(
  folder: string,
  soname: string,
  source: string,
  options: readonly string[] = [],
): Promise<void> {
  const [c, map] = [`${soname}.c`, `${soname}.map`];
  await Deno.writeTextFile(join(folder, c), source);
  // Symbols of CUDA's libraries have their library's name as their version.
  await Deno.writeTextFile(join(folder, map), `${soname} { global: *; };\n`);
  const shape = ["-O1", "-w", "-fPIC", "-shared", `-Wl,-soname,${soname}`];
  const plain = soname === CUDNN || soname === DRIVER;
  const version = plain ? [] : [`-Wl,--version-script=${map}`];
  await runTool("gcc", [...shape, ...version, c, "-o", soname, ...options], folder);
}

/** Where the parts of a stand-in in a folder lie. */
export function standInAt(folder: string): StandIn {
  return {
    libraries: join(folder, "cuda"),
    runtime: join(runtimeFolder(folder), `libonnxruntime.so.${ORT_VERSION}`),
    version: ORT_VERSION,
  };
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });
}

function runtimeFolder(folder: string): string {
  return join(folder, "onnxruntime");
}

function providerIn(folder: string): string {
  return join(runtimeFolder(folder), "libonnxruntime_providers_cuda.so");
}

/** Whether a folder has ONNX Runtime and its CUDA provider, so that nothing need be downloaded. */
export async function hasProvider(folder: string): Promise<boolean> {
  return await isThere(standInAt(folder).runtime) && await isThere(providerIn(folder));
}

/**
 * Builds the stand-in into a folder. The provider is downloaded unless the folder has it.
 *
 * @throws {Error} if gcc or nm are missing or fail
 * @throws {GenviewError} if the provider cannot be downloaded
 */
export async function buildStandIn(folder: string): Promise<StandIn> {
  const made = standInAt(folder);
  const provider = providerIn(folder);
  if (!await hasProvider(folder)) await installCuda({ outputDir: runtimeFolder(folder) });
  await Deno.mkdir(made.libraries, { recursive: true });
  const runtime = await Deno.readTextFile(new URL("runtime.c", import.meta.url));
  const called = await calledLibraries(await Deno.realPath(provider), made.libraries);
  const cudart = called.find(({ soname }) => soname.startsWith("libcudart."));
  if (cudart === undefined) {
    throw new Error(`Cannot build the stand-in: ${provider} is linked to no CUDA runtime`);
  }
  const whole = [runtime, ...missingInRuntime(runtime, cudart), ""].join("\n");
  await compile(made.libraries, cudart.soname, whole, ["-lpthread"]);
  const cudnn = { soname: CUDNN, functions: cudnnFunctions(await Deno.readFile(provider)) };
  const curand = { soname: CURAND, functions: [] };
  const others = called.filter((library) => /^libcu(blas|da\.)/.test(library.soname));
  for (const library of [...others, cudnn, curand]) {
    await compile(made.libraries, library.soname, librarySource(library), [
      `-l:${cudart.soname}`,
      "-L.",
    ]);
  }
  return made;
}

if (import.meta.main) {
  const [folder] = Deno.args;
  if (folder === undefined) {
    console.error("usage: deno run -A support/cuda_stand_in/build.ts FOLDER");
    Deno.exit(2);
  }
  const { libraries, runtime } = await buildStandIn(folder);
  console.log(`LD_LIBRARY_PATH=${libraries} GENVIEW_ORT_LIBRARY=${runtime}`);
}
